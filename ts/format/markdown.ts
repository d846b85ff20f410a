import {markdownTable as table} from 'markdown-table';

/** A table in Markdown: the first column to the left, the others to the right. Each cell shows its text and nothing else. */
export const markdownTable = (head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>): string =>
	table(
		[head, ...rows].map(line => line.map(cell => markdownText(String(cell)).replaceAll('|', '\\|'))),
		{align: head.map((_, column) => (column === 0 ? null : 'right')), alignDelimiters: false, padding: true},
	);

/**
 * A text of somebody's, such as the name of a class, as Markdown that shows just that, within a line: what would be read
 * as markup or as HTML is escaped, and line breaks are spaces. `ch_in`, `2 * 3` and `p < 0.001` stay as they are.
 */
export const markdownText = (text: string): string => escaped(inOneLine(text));

/** Sentences of somebody's as the beginning of a paragraph or an item: what stands between backticks is code. */
export const markdownProse = (text: string): string =>
	inOneLine(text)
		.split(/(`[^`]+`)/)
		.map((part, index) => (index % 2 === 1 ? part : escaped(part)))
		.join('')
		.replace(/^(?:[#>+=-]|\d{1,9}(?=[.)]))/, sign => (/\d/.test(sign) ? `${sign}\\` : `\\${sign}`));

const inOneLine = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');

const escaped = (text: string): string =>
	text
		.replaceAll(/[\\`[\]~$]|\*(?! )|(?<! )\*|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|#(?=#*$)/gu, sign => `\\${sign}`)
		.replaceAll(/&(?=#?[\p{L}\p{N}]+;)/gu, '&amp;')
		.replaceAll(/<(?=[a-z/!?])/gi, '&lt;');
