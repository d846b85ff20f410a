/** A table in Markdown. Pipes in cells are escaped. */
export const markdownTable = (head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>): string => {
	const line = (cells: ReadonlyArray<string | number>): string =>
		`| ${cells.map(cell => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
	return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
};
