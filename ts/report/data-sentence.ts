import type {DataDescription} from '../data/data.js';

/** What was learned, for the head of a page. */
export const dataSentence = ({name, channels, size, classes, train, test}: DataDescription): string =>
	`Data: ${name}, ${train.toLocaleString('en')} training and ${test.toLocaleString('en')} test images of ${size} x ${size} pixels ` +
	`in ${channels === 1 ? 'grayscale' : 'colour'}, ${classes.length} classes: ${listed(classes)}.`;

/** The first names of many. */
const listed = (names: readonly string[]): string =>
	names.length > 12 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ');
