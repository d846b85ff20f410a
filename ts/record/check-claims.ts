import {RecordError} from '../errors/index.js';
import type {Place} from '../ladder/open-ladder.js';
import {shown} from '../text/shown.js';
import type {LadderRecords} from './ladder-records.js';

/**
 * Holds the claims of a step against the records.
 *
 * @returns a sentence for each that is false, or can't be judged
 * @throws {RecordError} where a record that it speaks of is missing or damaged
 */
export const checkClaims = (place: Place, records: LadderRecords): string[] => {
	const evidence = records.evidence(place);
	return place.step.analysis.flatMap(({say, holds}, index) => {
		const claim = `${shown(place.file)}: claim ${index + 1}`;
		try {
			return holds(evidence) ? [] : [`${claim} does not hold by the records: “${say(evidence)}”`];
		} catch (error) {
			if (error instanceof RecordError) {
				throw error;
			}

			return [`${claim} can’t be judged: ${error instanceof Error ? error.message : String(error)}`];
		}
	});
};
