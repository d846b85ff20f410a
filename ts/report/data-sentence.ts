import type {DataDescription} from '../data/data.js';
import {findingSentences} from '../data/findings.js';

/** Describes the data in a sentence, and what stands out in them in one more each. */
export const dataSentence = (data: DataDescription): string => {
	const {name, channels, size, classes, train, validation, test, findings} = data;
	const counts = [
		`${train.toLocaleString('en')} training`,
		...(validation ? [`${validation.toLocaleString('en')} validation`] : []),
	];
	return [
		`Data: ${name}, ${counts.join(', ')} and ${test.toLocaleString('en')} test images of ${size} x ${size} pixels ` +
			`in ${channels === 1 ? 'grayscale' : 'colour'}, ${classes.length} classes: ${listed(classes)}.`,
		...findingSentences(findings).map(sentence => `${sentence}.`),
	].join(' ');
};

/** Lists all names, or the first ten of many. */
const listed = (names: readonly string[]): string =>
	names.length > 12 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ');
