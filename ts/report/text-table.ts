import Table from 'cli-table3';

type Cell = string | number;

const none = {top: '', 'top-mid': '', 'top-left': '', 'top-right': ''};
const noBottom = {bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': ''};
const plain = {...none, ...noBottom, left: '', 'left-mid': '', right: '', 'right-mid': '', middle: '  '};

/** A table in plain characters: the first column to the left, the others to the right, a rule under the head. */
export const textTable = (head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string => {
	const table = new Table({
		head: [...head],
		colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
		chars: {...plain, mid: '', 'mid-mid': ''},
		style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0},
	});
	table.push(...rows.map(row => [...row]));
	const [first = '', ...others] = table.toString().split('\n');
	return [first, '-'.repeat(first.length), ...others].map(line => line.trimEnd()).join('\n');
};
