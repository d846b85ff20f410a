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
	return records.claims(entry).flatMap(({holds, text, basis, typedFigures}, index) => {
		const claim = `${displayPath(entry.file)}: claim ${index + 1}`;
		try {
			const answer = holds();
			if (typeof answer !== 'boolean') {
				return [`${claim} can’t be evaluated: \`holds\` should give true or false, it gave ${formatValue(answer)}`];
			}

			const sentence = text();
			if (!answer) {
				return [`${claim} is false by the records: “${sentence}”`];
			}

			const figures = typedFigures();
			return [
				...(basis() === 'nothing'
					? [`${claim} rests on no test and no measure, its condition holds whatever the records say: “${sentence}”`]
					: []),
				...(figures.length > 0
					? [
							`${claim} states ${figures.join(', ')}, which no record gives and its condition does not compare with; ` +
								`fill figures in from the records: “${sentence}”`,
						]
					: []),
			];
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
