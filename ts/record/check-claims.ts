import {LadderError, RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatThrown, formatValue} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {claimText} from './claim-text.js';
import type {LadderRecords} from './ladder-records.js';

/**
 * Holds the claims of a step against the records.
 *
 * @returns a sentence for each that is false, or can't be judged
 * @throws {RecordError} where a record that it speaks of is missing or damaged
 */
export const checkClaims = (entry: StepEntry, records: LadderRecords): string[] => {
	const evidence = records.evidence(entry);
	return entry.step.analysis.flatMap(({holds}, index) => {
		const claim = `${displayPath(entry.file)}: claim ${index + 1}`;
		try {
			const answer: unknown = holds(evidence);
			if (typeof answer !== 'boolean') {
				return [`${claim} can’t be judged: \`holds\` should give true or false, it gave ${formatValue(answer)}`];
			}

			const text = claimText(entry, index, evidence);
			return answer ? [] : [`${claim} does not hold by the records: “${text}”`];
		} catch (error) {
			if (error instanceof RecordError) {
				throw error;
			}

			if (error instanceof LadderError) {
				return [error.message]; // it names the claim
			}

			return [`${claim} can’t be judged: ${error instanceof Error ? error.message : formatThrown(error)}`];
		}
	});
};
