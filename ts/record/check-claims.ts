import {LadderError, RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatThrown, formatValue} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {LadderRecords} from './ladder-records.js';

/**
 * Checks the claims of a step.
 *
 * @returns a sentence for each that is false, or can't be evaluated
 * @throws {RecordError} if a record that a claim refers to is missing or damaged
 */
export const checkClaims = (entry: StepEntry, records: LadderRecords): string[] => {
	return records.claims(entry).flatMap(({holds, text}, index) => {
		const claim = `${displayPath(entry.file)}: claim ${index + 1}`;
		try {
			const answer = holds();
			if (typeof answer !== 'boolean') {
				return [`${claim} can’t be evaluated: \`holds\` should give true or false, it gave ${formatValue(answer)}`];
			}

			const sentence = text();
			return answer ? [] : [`${claim} is false by the records: “${sentence}”`];
		} catch (error) {
			if (error instanceof RecordError) {
				throw error;
			}

			if (error instanceof LadderError) {
				return [error.message]; // it names the claim
			}

			return [`${claim} can’t be evaluated: ${error instanceof Error ? error.message : formatThrown(error)}`];
		}
	});
};
