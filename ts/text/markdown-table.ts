import {markdownTable as table} from 'markdown-table';

/** A table in Markdown: the first column to the left, the others to the right. Pipes in cells are escaped. */
export const markdownTable = (head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>): string =>
	table(
		[head, ...rows].map(line => line.map(cell => String(cell).replaceAll('|', '\\|'))),
		{align: head.map((_, column) => (column === 0 ? null : 'right')), alignDelimiters: false, padding: true},
	);
