import type {Summary} from '../experiment/summarize.js';
import {plain, textTable} from '../format/text-table.js';

const head = [
	...['Operation', 'nin', 'ch_in', 'ch_out', 'padding', 'kernel', 'stride', 'nout'],
	...['jin', 'jout', 'rin', 'rout', 'act_size', 'params'],
];

/** Columns that follow from others, so that a narrow screen leaves them out, in this order. */
const spare = ['jin', 'rin', 'nin', 'ch_in', 'jout', 'padding', 'stride', 'act_size', 'kernel'];

/** Formats the layers of a net with their shapes, jumps (j), receptive fields (r), activations and parameters. */
export const summaryTable = (summary: Summary, screen = plain): string => {
	const {head, body} = summaryCells(summary);
	const marks = treeMarks(summary.rows.map(({depth}) => depth));
	const drawn = body.map(([, ...cells], row) => [`${marks[row]}${summary.rows[row]?.operation}`, ...cells]);
	return `${textTable(head, drawn, {screen, spare})}\nTotal parameters: ${summary.parameters.toLocaleString('en')}`;
};

/** Returns the marks in front of each row of a tree, from the rows' depths: `├ `, `│ └ `. */
export const treeMarks = (depths: readonly number[]): string[] =>
	depths.map((depth, row) => {
		const below = depths.slice(row + 1);
		const isFollowed = (level: number): boolean => below.find(other => other <= level) === level;
		return Array.from({length: depth}, (_, index) => {
			const level = index + 1;
			const [next, last] = level === depth ? ['├\u00a0', '└\u00a0'] : ['│\u00a0', '\u00a0\u00a0'];
			return isFollowed(level) ? next : last;
		}).join('');
	});

/** Returns the head and the cells of that table, where layers within others are indented by no-break spaces. */
export const summaryCells = ({rows}: Summary) => ({
	head,
	body: rows.map(row => [
		`${'\u00a0\u00a0'.repeat(row.depth)}${row.operation}`,
		...[row.sizeIn, row.channelsIn, row.channelsOut, row.padding, row.kernel, row.stride, row.sizeOut],
		...[row.jumpIn, row.jumpOut, row.fieldIn, row.fieldOut],
		`${row.sizeIn}x${row.sizeIn}x${row.channelsIn}`,
		row.parameters.toLocaleString('en'),
	]),
});
