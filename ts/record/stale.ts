import type {Data} from '../data/data.js';
import {displayPath} from '../format/command-line.js';
import {checkData, dataOfStep} from './check-data.js';
import type {LadderRecords} from './ladder-records.js';
import {remedy, stepChanges} from './preregister.js';
import {preregistrationFile} from './preregistration-file.js';

/** Recorded steps whose figures are not of the step, or of the images, that the ladder has now. */
export type Stale = {
	readonly steps: ReadonlySet<string>;
	/** What has changed and what to do: a sentence for each step that has changed, and one for all whose images have. */
	readonly sentences: readonly string[];
};

/**
 * Finds stale records. Steps with a damaged record are left out.
 *
 * @param data of the ladder; `undefined` if they could not be opened, and then are not compared
 */
export const findStale = (records: LadderRecords, data: Data | undefined): Stale => {
	const found = records.ladder.entries.flatMap(entry => {
		const recorded = records.find(entry);
		return recorded ? [{entry, preregistration: recorded.record.preregistration}] : [];
	});
	const changed = found.flatMap(({entry, preregistration}) => {
		const [first] = stepChanges(entry, preregistration);
		const file = displayPath(preregistrationFile(entry.record));
		return first === undefined ? [] : [{name: entry.step.name, sentence: `${file}: ${first}${remedy(entry)}`}];
	});
	const others = data ? found.filter(({preregistration}) => preregistration.data.hash !== data.hash) : [];
	return {
		steps: new Set([...changed.map(({name}) => name), ...others.map(({entry}) => entry.step.name)]),
		sentences: [
			...changed.map(({sentence}) => sentence),
			...(data
				? checkData(
						others.map(({entry, preregistration}) => dataOfStep(entry, preregistration.data)),
						data,
					)
				: []),
		],
	};
};
