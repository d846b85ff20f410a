import {markdownTable as table} from 'markdown-table';
import {markdownText} from './markdown-text.js';

/** A table in Markdown: the first column to the left, the others to the right. Each cell shows its text and nothing else. */
export const markdownTable = (head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>): string =>
	table(
		[head, ...rows].map(line => line.map(cell => markdownText(String(cell)).replaceAll('|', '\\|'))),
		{align: head.map((_, column) => (column === 0 ? null : 'right')), alignDelimiters: false, padding: true},
	);
