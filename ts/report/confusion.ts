import type {MeasuredRecord} from '../claims/measured-record.js';
import {readLabels} from '../claims/step-record.js';
import type {Data} from '../data/data.js';

/** How often each class (row) was taken for each (column), in the mean over seeds. */
export const confusion = ({record}: MeasuredRecord, data: Data): number[][] => {
	const {length} = data.classes;
	const counts = Array.from({length}, () => Array.from({length}, () => 0));
	const expected = data.testLabels();
	for (const {labels} of record.answers) {
		for (const [image, taken] of readLabels(labels, length).entries()) {
			const row = counts[expected[image] ?? 0];
			if (row) {
				row[taken] = (row[taken] ?? 0) + 1 / record.answers.length;
			}
		}
	}

	return counts;
};
