import type {Summary} from '../experiment/summarize.js';
import {plain, textTable} from '../format/text-table.js';

const head = [
	...['Operation', 'nin', 'ch_in', 'ch_out', 'padding', 'kernel', 'stride', 'nout'],
	...['jin', 'jout', 'rin', 'rout', 'act_size', 'params'],
];

/** What goes into a layer came out of the one above; the rest can be worked out. */
const spare = ['jin', 'rin', 'nin', 'ch_in', 'jout', 'padding', 'stride', 'act_size', 'kernel'];

/** The layers of a net with their shapes, jumps (j), receptive fields (r), activations and parameters. */
export const summaryTable = (summary: Summary, screen = plain): string => {
	const {head, body} = summaryCells(summary);
	return `${textTable(head, body, {screen, spare})}\nTotal parameters: ${summary.parameters.toLocaleString('en')}`;
};

/** The same in words and figures. */
export const summaryCells = ({rows}: Summary) => ({
	head,
	body: rows.map(row => [
		row.operation,
		...[row.sizeIn, row.channelsIn, row.channelsOut, row.padding, row.kernel, row.stride, row.sizeOut],
		...[row.jumpIn, row.jumpOut, row.fieldIn, row.fieldOut],
		`${row.sizeIn}x${row.sizeIn}x${row.channelsIn}`,
		row.parameters.toLocaleString('en'),
	]),
});
