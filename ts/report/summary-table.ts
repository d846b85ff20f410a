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
	return `${textTable(head, body, {screen, spare})}\nTotal parameters: ${summary.parameters.toLocaleString('en')}`;
};

/** Returns the head and the cells of that table. */
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
