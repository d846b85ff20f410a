type Cell = string | number;

/** A table in plain characters: the first column to the left, the others to the right, a rule under the head. */
export const textTable = (head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string => {
	const lines = [head, ...rows].map(line => line.map(String));
	const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)));
	const padded = lines.map(line =>
		widths
			.map((width, column) => (column === 0 ? (line[0] ?? '').padEnd(width) : (line[column] ?? '').padStart(width)))
			.join('  '),
	);
	const [first = '', ...others] = padded;
	return [first, '-'.repeat(first.length), ...others].map(line => line.trimEnd()).join('\n');
};
