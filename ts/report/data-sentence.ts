import type {DataDescription} from '../data/data.js';

/** Describes the data in a sentence. */
export const dataSentence = ({name, channels, size, classes, train, test, validation}: DataDescription): string => {
	const ofValidation = validation === undefined ? '' : `, ${validation.toLocaleString('en')} validation`;
	return (
		`Data: ${name}, ${train.toLocaleString('en')} training${ofValidation} and ${test.toLocaleString('en')} test images of ${size} x ${size} pixels ` +
		`in ${channels === 1 ? 'grayscale' : 'colour'}, ${classes.length} classes: ${listed(classes)}.`
	);
};

/** Lists all names, or the first ten of many. */
const listed = (names: readonly string[]): string =>
	names.length > 12 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ');
