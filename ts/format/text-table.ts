import {wrap} from './wrap.js';
/** Colours a text. */
export type Ink = (text: string) => string;

/** What a text is laid out for. Its colours say nothing that its words don't. */
export type Screen = {
	/** Characters of a line; nothing where a line may have any length, as in a file. */
	readonly width: number | undefined;
	/** For what was held. */
	readonly held: Ink;
	/** For what was missed. */
	readonly missed: Ink;
	/** For what may be passed over. */
	readonly secondary: Ink;
};

const asItIs: Ink = text => text;

/** A file or a pipe: lines of any length, without colours. */
export const plain: Screen = {width: undefined, held: asItIs, missed: asItIs, secondary: asItIs};

type Cell = string | number;

/** How a table is laid out. */
export type TableLayout = {
	/** What for: a file unless it is said. */
	readonly screen?: Screen;
	/** Columns that may be left out where there is no room, the first of them first. */
	readonly spare?: readonly string[];
	/** Colours a cell, which comes as it is shown, with its column's head. */
	readonly colour?: (text: string, column: string) => string;
};

/**
 * A table in plain characters: the first column to the left, the others to the right, a rule under the head. Where the
 * screen is too narrow, it says which columns it leaves out; where it is too narrow for those that it can't do without,
 * each row is a paragraph with all of them.
 */
export const textTable = (
	head: readonly string[],
	rows: ReadonlyArray<readonly Cell[]>,
	{screen = plain, spare = [], colour = text => text}: TableLayout = {},
): string => {
	const {width = Number.POSITIVE_INFINITY, secondary} = screen;
	const lines = [head, ...rows].map(line => head.map((_, column) => String(line[column] ?? '')));
	const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)));
	const left = columnsWithin(head, widths, spare, width);
	if (left === undefined) {
		return stacked(lines, screen);
	}

	const columns = [...head.keys()].filter(column => !left.includes(head[column] ?? ''));
	const padded = lines.map((line, row) =>
		columns
			.map((column, place) => {
				const text = line[column] ?? '';
				const [space, shown] = [
					' '.repeat((widths[column] ?? 0) - text.length),
					row === 0 ? text : colour(text, head[column] ?? ''),
				];
				return column === 0 ? `${shown}${place === columns.length - 1 ? '' : space}` : `${space}${shown}`;
			})
			.join('  ')
			.trimEnd(),
	);
	const rule = secondary('-'.repeat(tableWidth(columns, widths)));
	const note = left.length === 0 ? [] : [secondary(wrap(`No room for: ${left.join(', ')}`, screen.width))];
	return [padded[0], rule, ...padded.slice(1), ...note].join('\n');
};

const tableWidth = (columns: readonly number[], widths: readonly number[]): number =>
	columns.reduce((sum, column) => sum + (widths[column] ?? 0), 2 * (columns.length - 1));

/** The columns to leave out, as few as will do; nothing where none will. */
const columnsWithin = (
	head: readonly string[],
	widths: readonly number[],
	spare: readonly string[],
	width: number,
): readonly string[] | undefined => {
	for (let count = 0; count <= spare.length; count += 1) {
		const left = spare.slice(0, count);
		const columns = [...head.keys()].filter(column => !left.includes(head[column] ?? ''));
		if (tableWidth(columns, widths) <= width) {
			return left;
		}
	}

	return undefined;
};

/** A row as its first cell and, indented below, the others with their heads. Figures are not broken, cells of words are. */
const stacked = ([head = [], ...rows]: ReadonlyArray<readonly string[]>, {width = 0}: Screen): string =>
	rows
		.map(([name = '', ...cells]) => {
			const said = cells.flatMap((cell, index) => (cell === '' ? [] : [`${head[index + 1]} ${cell}`]));
			return [wrap(name, width, '  '), ...runIn(said, width)].join('\n');
		})
		.join('\n');

/** Phrases joined by commas, each on one line where it fits there. */
const runIn = (phrases: readonly string[], width: number): string[] => {
	const indent = '  ';
	const lines: string[] = [];
	for (const [index, phrase] of phrases.entries()) {
		const text = index === phrases.length - 1 ? phrase : `${phrase},`;
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + text.length <= width) {
			lines[lines.length - 1] = `${last} ${text}`;
		} else {
			lines.push(`${indent}${text}`);
		}
	}

	return lines.map(line => wrap(line, width, `${indent}${indent}`));
};
