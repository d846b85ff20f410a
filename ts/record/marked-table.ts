import {withLineEnds} from '../fs/write-user-file.js';

/**
 * Returns functions for a table in a page of Markdown that is written by a command, between two comments.
 *
 * @param name names the comments: `<!-- NAME: ... -->` and `<!-- end of NAME -->`
 * @param whose completes "the marks of the ... table", for error messages
 */
export const markedTable = (name: string, whose: string) => {
	const marks = new RegExp(
		`(?<=<!-- ${name}: [^\\n]* -->(?:\\r?\\n){2}).*?(?=(?:\\r?\\n){2}<!-- end of ${name} -->)`,
		's',
	);
	const [start, end] = [new RegExp(`<!--\\s*${name}:`, 'g'), new RegExp(`<!--\\s*end of ${name}`, 'g')];

	/** Returns whether a page has each mark once, with a line to replace between them. */
	const has = (page: string): boolean =>
		[start, new RegExp(marks, 'gs'), end].every(pattern => page.match(pattern)?.length === 1);

	return {
		has,
		/** Returns whether a page has some of the marks, or no line to replace between them. */
		isBroken: (page: string): boolean => new RegExp(`<!--\\s*(?:end of )?${name}`).test(page) && !has(page),
		/** Describes the marks, for error messages. */
		wanted:
			`the marks of the ${whose} table should be there once, each between empty lines, with a line between them: ` +
			`<!-- ${name}: written by \`record\` --> above it and <!-- end of ${name} --> below`,
		/** Returns whether there is a table between the marks. */
		hasTable: (page: string): boolean => /^\s*\|/.test(marks.exec(page)?.[0] ?? ''),
		/** Replaces the text between the marks; a page without them stays as it is. */
		replace: (page: string, text: string): string => page.replace(marks, () => withLineEnds(text, page)),
	};
};
