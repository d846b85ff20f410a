import {type Data, type DataDescription, describe} from '../data/data.js';
import {differences} from '../experiment/difference.js';
import {displayPath} from '../format/command-line.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {dataChanges, remedy} from './preregister.js';
import {preregistrationFile} from './preregistration-file.js';

/** A recorded step, or a sweep, with the data that it is of. */
export type RecordedData = {
	/** As a sentence names it among others. */
	readonly name: string;
	readonly data: DataDescription;
	/** `undefined` for a sweep. */
	readonly entry?: StepEntry;
	/** The file or folder that names the data. */
	readonly file: string;
};

/** Returns the recorded data of a step. */
export const dataOfStep = (entry: StepEntry, data: DataDescription): RecordedData => ({
	...{name: `\`${entry.step.name}\``, data, entry, file: preregistrationFile(entry.record)},
});

/** Returns whether a ladder's data are others than those that were recorded. */
export const isStale = ({findings: _, ...recorded}: DataDescription, data: Data): boolean =>
	differences(recorded, describe(data)).length > 0;

/**
 * Compares a ladder's data with those that its records are of. A changed photo is one problem, however many records there are.
 *
 * @returns a sentence for each group of records whose data differ in the same way
 */
export const checkData = (recorded: readonly RecordedData[], data: Data): string[] => {
	const groups = new Map<string, RecordedData[]>();
	for (const item of recorded) {
		const changed = dataChanges(item.data, data).join(', and ');
		if (changed !== '') {
			groups.set(changed, [...(groups.get(changed) ?? []), item]);
		}
	}

	return [...groups].map(([changed, [first, ...others]]) => {
		const names = others.length === 0 ? '' : `; so it is for ${others.map(({name}) => name).join(', ')}`;
		const file = displayPath(first?.file ?? '');
		return `${file}: ${changed}${names}${first?.entry ? remedy(first.entry) : '; put it back, or sweep again'}`;
	});
};
