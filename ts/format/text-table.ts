import {escapeName} from './controls.js';
import {wrap} from './wrap.js';

/** Colours a text. */
export type Ink = (text: string) => string;

/** Width and colours of the output. Colours never carry information that the text lacks. */
export type Screen = {
	/** Characters per line; `undefined` for lines of any length, as in a file. */
	readonly width: number | undefined;
	/** Colours a target that was held. */
	readonly held: Ink;
	/** Colours a target that was missed. */
	readonly missed: Ink;
	/** Colours secondary text. */
	readonly secondary: Ink;
};

const uncoloured: Ink = text => text;

/** A file or a pipe: lines of any length, without colours. */
export const plain: Screen = {width: undefined, held: uncoloured, missed: uncoloured, secondary: uncoloured};

type Cell = string | number;

/** Layout of a table. */
export type TableLayout = {
	/** The output; a file by default. */
	readonly screen?: Screen;
	/**
	 * Columns that a narrow screen leaves out: first those with one value in every row, which a line below names, then the others, each
	 * in this order.
	 */
	readonly spare?: readonly string[];
	/** Colours a cell's text, given its column's head. */
	readonly colour?: (text: string, column: string) => string;
};

/**
 * Formats a table as text: the first column left-aligned, the others right-aligned, a rule below the head. A narrow screen
 * leaves out `spare` columns and names them below. If the others don't fit either, each row is a paragraph of all cells.
 */
export const textTable = (
	head: readonly string[],
	rows: ReadonlyArray<readonly Cell[]>,
	{screen = plain, spare = [], colour = text => text}: TableLayout = {},
): string => {
	const {width = Number.POSITIVE_INFINITY, secondary} = screen;
	const lines = [head, ...rows].map(line => head.map((_, column) => escapeName(String(line[column] ?? ''))));
	const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)));
	const constant = constantColumns(lines);
	const ordered = [...spare.filter(name => constant.has(name)), ...spare.filter(name => !constant.has(name))];
	const omitted = omittedColumns(
		head,
		widths,
		ordered.filter(name => head.includes(name)),
		width,
	);
	if (omitted === undefined) {
		return stacked(lines, screen);
	}

	const columns = [...head.keys()].filter(column => !omitted.includes(head[column] ?? ''));
	const padded = lines.map((line, row) =>
		columns
			.map((column, index) => {
				const text = line[column] ?? '';
				const [space, coloured] = [
					' '.repeat((widths[column] ?? 0) - text.length),
					row === 0 ? text : colour(text, head[column] ?? ''),
				];
				return column === 0 ? `${coloured}${index === columns.length - 1 ? '' : space}` : `${space}${coloured}`;
			})
			.join('  ')
			.trimEnd(),
	);
	const rule = secondary('-'.repeat(tableWidth(columns, widths)));
	const same = omitted.flatMap(name => (constant.has(name) ? [`${name} ${constant.get(name)}`] : []));
	const varying = omitted.filter(name => !constant.has(name));
	const notes = [
		...(same.length > 0 ? [`In every row: ${same.join(', ')}`] : []),
		...(varying.length > 0 ? [`No room for: ${varying.join(', ')}`] : []),
	].map(note => secondary(wrap(note, screen.width)));
	return [padded[0], rule, ...padded.slice(1), ...notes].join('\n');
};

/** Returns the columns with one value in every row, each with the value; none if there are fewer than two rows. */
const constantColumns = ([head = [], ...rows]: ReadonlyArray<readonly string[]>): ReadonlyMap<string, string> =>
	new Map(
		rows.length < 2
			? []
			: head.flatMap((name, column) => {
					const values = new Set(rows.map(row => row[column] ?? ''));
					return values.size === 1 ? [[name, [...values].join('')] as const] : [];
				}),
	);

const tableWidth = (columns: readonly number[], widths: readonly number[]): number =>
	columns.reduce((sum, column) => sum + (widths[column] ?? 0), 2 * (columns.length - 1));

/**
 * Returns the columns to leave out: the first ones of `spare` until the others fit, without those that then fit after all. `undefined`
 * if leaving out all of `spare` is not enough.
 */
const omittedColumns = (
	head: readonly string[],
	widths: readonly number[],
	spare: readonly string[],
	width: number,
): readonly string[] | undefined => {
	const fits = (omitted: readonly string[]): boolean =>
		tableWidth(
			[...head.keys()].filter(column => !omitted.includes(head[column] ?? '')),
			widths,
		) <= width;
	const counts = Array.from({length: spare.length + 1}, (_, count) => count);
	const count = counts.find(count => fits(spare.slice(0, count)));
	return count === undefined
		? undefined
		: spare.slice(0, count).reduceRight<readonly string[]>(
				(omitted, name) => {
					const others = omitted.filter(other => other !== name);
					return fits(others) ? others : omitted;
				},
				spare.slice(0, count),
			);
};

/** Formats a row as its first cell and, indented below, the others with their heads. Only cells of several words wrap. */
const stacked = ([head = [], ...rows]: ReadonlyArray<readonly string[]>, {width = 0}: Screen): string =>
	rows
		.map(([name = '', ...cells]) => {
			const phrases = cells.flatMap((cell, index) => (cell === '' ? [] : [`${head[index + 1]} ${cell}`]));
			return [wrap(name, width, '  '), ...joinPhrases(phrases, width)].join('\n');
		})
		.join('\n');

/** Joins phrases by commas and keeps each on one line if it fits. */
const joinPhrases = (phrases: readonly string[], width: number): string[] => {
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
