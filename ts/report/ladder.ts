import type {Step} from '../experiment/define-step.js';
import {summarize} from '../experiment/summarize.js';
import {markdownTable} from './markdown-table.js';
import {textTable} from './text-table.js';

/** One step of the ladder as its table shows it. */
export type LadderRow = {
	readonly step: string;
	/** Counted on the net that was built. */
	readonly parameters: number;
	readonly batchNorm: boolean;
	/** The share dropped, 0 for none. */
	readonly dropout: number;
	/** Whether features are averaged before a fully connected layer (a 1x1 convolution) judges them. */
	readonly fullyConnected: boolean;
	readonly augmentation: boolean;
	/** The schedule of the learning rate where it has one. */
	readonly scheduler: string | undefined;
	/** The aspect that the step changed. */
	readonly changed: string | undefined;
};

/** A row a step, with what is switched on. */
export const ladderRows = (steps: readonly Step[]): LadderRow[] =>
	steps.map(({name, aspect, experiment: {net, augmentation, schedule}}) => ({
		step: name,
		parameters: summarize(net).parameters,
		batchNorm: net.block.norm === 'batch',
		dropout: net.block.dropout,
		fullyConnected: net.head.some(layer => layer.kind === 'average-pool'),
		augmentation: augmentation !== undefined,
		scheduler: schedule.kind === 'constant' ? undefined : schedule.kind,
		changed: aspect,
	}));

const head = ['Step', 'Parameters', 'BN', 'Dropout', 'FC', 'Augmentation', 'LR scheduler', 'Changed'];

const cells = (row: LadderRow): string[] => [
	row.step,
	row.parameters.toLocaleString('en'),
	yes(row.batchNorm),
	row.dropout > 0 ? String(row.dropout) : 'no',
	yes(row.fullyConnected),
	yes(row.augmentation),
	row.scheduler ?? 'no',
	row.changed ?? '-',
];

const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** How a ladder can be written. */
export const ladderFormats = {
	text: (rows: readonly LadderRow[]): string => textTable(head, rows.map(cells)),
	markdown: (rows: readonly LadderRow[]): string => markdownTable(head, rows.map(cells)),
	json: (rows: readonly LadderRow[]): string => JSON.stringify(rows, undefined, '\t'),
};
