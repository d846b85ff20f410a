import {escapeName} from './controls.js';

const shown = 5;

/** Formats names of classes: `a`, `b`, and how many more there are. */
export const formatClasses = (names: readonly string[]): string => {
	const listed = names.slice(0, shown).map(name => `\`${escapeName(name)}\``);
	return names.length > shown ? `${listed.join(', ')} and ${names.length - shown} more` : listed.join(', ');
};
