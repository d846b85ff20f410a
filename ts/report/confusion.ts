import type {MeasuredRecord} from '../claims/measured-record.js';
import {readLabels} from '../claims/step-record.js';
import type {Data} from '../data/data.js';

/** Computes the confusion matrix: images of each class (row) by predicted class (column), means over seeds. */
export const confusion = ({record}: MeasuredRecord, data: Data): number[][] => {
	const {length} = data.classes;
	const counts = Array.from({length}, () => Array.from({length}, () => 0));
	const expected = data.testLabels();
	for (const {labels} of record.answers) {
		for (const [image, predicted] of readLabels(labels, length).entries()) {
			const row = counts[expected[image] ?? 0];
			if (row) {
				row[predicted] = (row[predicted] ?? 0) + 1 / record.answers.length;
			}
		}
	}

	return counts;
};
