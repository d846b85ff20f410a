import {LadderError, RecordError} from '../errors/index.js';
import type {Place} from '../ladder/open-ladder.js';
import {show} from '../text/show.js';
import {shown} from '../text/shown.js';
import {thrownText} from '../text/thrown-text.js';
import {claimText} from './claim-text.js';
import type {LadderRecords} from './ladder-records.js';

/**
 * Holds the claims of a step against the records.
 *
 * @returns a sentence for each that is false, or can't be judged
 * @throws {RecordError} where a record that it speaks of is missing or damaged
 */
export const checkClaims = (place: Place, records: LadderRecords): string[] => {
	const evidence = records.evidence(place);
	return place.step.analysis.flatMap(({holds}, index) => {
		const claim = `${shown(place.file)}: claim ${index + 1}`;
		try {
			const answer: unknown = holds(evidence);
			if (typeof answer !== 'boolean') {
				return [`${claim} can’t be judged: \`holds\` should give true or false, it gave ${show(answer)}`];
			}

			const text = claimText(place, index, evidence);
			return answer ? [] : [`${claim} does not hold by the records: “${text}”`];
		} catch (error) {
			if (error instanceof RecordError) {
				throw error;
			}

			if (error instanceof LadderError) {
				return [error.message]; // it names the claim
			}

			return [`${claim} can’t be judged: ${error instanceof Error ? error.message : thrownText(error)}`];
		}
	});
};
