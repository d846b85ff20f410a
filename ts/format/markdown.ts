import {markdownTable as table} from 'markdown-table';
import {escapeControls} from './controls.js';

/** Renders a Markdown table, the first column left-aligned, the others right-aligned. Cells are escaped. */
export const markdownTable = (head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>): string =>
	table(
		[head, ...rows].map(line => line.map(cell => markdownText(String(cell)).replaceAll('|', '\\|'))),
		{align: head.map((_, column) => (column === 0 ? null : 'right')), alignDelimiters: false, padding: true},
	);

/**
 * Escapes a text, such as the name of a class, for use within a line of Markdown: markup and HTML are escaped, and line
 * breaks become spaces (no-break ones stay). `ch_in`, `2 * 3` and `p < 0.001` need no escapes and get none.
 */
export const markdownText = (text: string): string => escaped(inOneLine(text));

/** Escapes sentences for use at the start of a paragraph or an item; text between backticks stays code. */
export const markdownProse = (text: string): string =>
	inOneLine(text)
		.split(/(`[^`]+`)/)
		.map((part, index) => (index % 2 === 1 ? part : escaped(part)))
		.join('')
		.replace(/^(?:[#>+=-]|\d{1,9}(?=[.)]))/, sign => (/\d/.test(sign) ? `${sign}\\` : `\\${sign}`));

/** No-break spaces stay: they indent layers that are within others. */
const inOneLine = (text: string): string =>
	escapeControls(text.replaceAll(/[^\S\u00a0]+/g, ' ').replaceAll(/^ | $/g, ''));

const escaped = (text: string): string =>
	text
		.replaceAll(/[\\`[\]~$]|\*(?! )|(?<! )\*|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|#(?=#*$)/gu, sign => `\\${sign}`)
		.replaceAll(/&(?=#?[\p{L}\p{N}]+;)/gu, '&amp;')
		.replaceAll(/<(?=[a-z/!?])/gi, '&lt;');
