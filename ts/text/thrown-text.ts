import {show} from './show.js';

/** What was thrown, as text. It may be anything, such as an object that has none. */
export const thrownText = (thrown: unknown): string => {
	try {
		return String(thrown);
	} catch {
		return `${show(thrown)} was thrown`;
	}
};
