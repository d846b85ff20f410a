import type {Measured} from '../claims/measured.js';
import {aimOf} from '../experiment/goal.js';
import {type Metric, metricName} from '../experiment/metric.js';
import {summarize} from '../experiment/summarize.js';
import {transformsOf} from '../experiment/transforms.js';
import {percent} from '../format/figures.js';
import {markdownTable} from '../format/markdown.js';
import {plain, textTable} from '../format/text-table.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {Step} from '../step/define-step.js';
import type {LadderRecords} from './ladder-records.js';
import {markedTable} from './marked-table.js';

/** One step of the ladder as its table shows it. */
export type LadderRow = {
	readonly step: string;
	/** Number of parameters of the net. */
	readonly parameters: number;
	readonly batchNorm: boolean;
	/** Dropout probability; 0 for none. */
	readonly dropout: number;
	/** Whether the head is average pooling and a fully connected layer (a 1x1 convolution). */
	readonly fullyConnected: boolean;
	readonly augmentation: boolean;
	/** Kind of the optimizer. */
	readonly optimizer: 'sgd' | 'adamw';
	/** The kinds of transforms, in their order; empty if augmentation is not a list. */
	readonly transforms: readonly string[];
	/** Kind of the learning-rate schedule; `undefined` for a constant rate. */
	readonly scheduler: string | undefined;
	/** Whether averaged weights are evaluated and saved. */
	readonly averaging: boolean;
	/** The aspect that the step changed. */
	readonly changed: string | undefined;
	/** Whether the step has a record that can't be read. */
	readonly damaged: boolean;
	/** Whether the step or its images have changed since it was recorded; left out if they have not. */
	readonly stale?: boolean;
	/** `undefined` for a step without a record, and for a damaged record. */
	readonly result: LadderResult | undefined;
};

/** Results of a step's record. Accuracies are fractions. */
export type LadderResult = {
	/** Training accuracy while learning, in the last epoch. */
	readonly train: MeanOverSeeds;
	/** Mean test accuracy of the last five epochs. */
	readonly test: MeanOverSeeds;
	/** Value of the metric that each of the last `heldFor` epochs should reach. */
	readonly target: number;
	/** The metric of the target. */
	readonly metric: Metric;
	readonly heldFor: number;
	/** Seeds that held the target, and all seeds. */
	readonly held: {readonly count: number; readonly of: number};
	/** Whether always answering the most common class reaches the target; `undefined` in records that are older than this. */
	readonly trivial: boolean | undefined;
};

/** A mean over seeds, with its standard deviation if there are at least two. */
export type MeanOverSeeds = {readonly mean: number; readonly deviation: number | undefined};

/**
 * Returns a row per step.
 *
 * @param stale names of the steps to mark as stale
 */
export const ladderRows = (records: LadderRecords, stale: ReadonlySet<string> = new Set()): LadderRow[] =>
	records.ladder.entries.map(entry => ({
		...switches(entry.step),
		damaged: records.damaged().has(entry.step.name),
		...(stale.has(entry.step.name) && {stale: true}),
		result: result(entry, records),
	}));

const switches = ({name, aspect, experiment: {net, augmentation, optimizer, schedule, averaging}}: Step) => ({
	step: name,
	parameters: summarize(net).parameters,
	batchNorm: net.block.norm === 'batch',
	dropout: net.block.dropout,
	fullyConnected: net.head.some(({kind}) => kind === 'average-pool' || kind === 'global-average-pool'),
	augmentation: augmentation !== undefined,
	optimizer: optimizer.kind ?? 'sgd',
	transforms: (transformsOf(augmentation) ?? []).map(({kind}) => kind),
	scheduler: schedule.kind === 'constant' ? undefined : schedule.kind,
	averaging: averaging !== undefined,
	changed: aspect,
});

const result = (entry: StepEntry, records: LadderRecords): LadderResult | undefined => {
	const found = records.find(entry);
	if (!found) {
		return undefined;
	}

	const {train, test, held, trivial, record} = found;
	const {target} = record.preregistration;
	const {metric, atLeast} = aimOf(target);
	const {heldFor} = target;
	return {train: meanOf(train), test: meanOf(test), target: atLeast, metric, heldFor, held, trivial};
};

const meanOf = ({mean, deviation, values}: Measured): MeanOverSeeds => ({
	mean,
	deviation: values.length > 1 ? deviation : undefined,
});

const columns = [
	...['Step', 'Parameters', 'BN', 'Dropout', 'FC', 'Augmentation', 'Optimizer', 'LR scheduler', 'Averaging'],
	...['Train %', 'Test %', 'Target', 'Held'],
];

/** Columns that a narrow terminal leaves out, the first of them first: what a step does says more than its target and training accuracy. */
const spare = [
	...['Train %', 'Target', 'Augmentation', 'Averaging', 'LR scheduler', 'Optimizer', 'FC', 'BN', 'Dropout'],
	'Parameters',
];

const cells = (row: LadderRow): string[] => [
	row.step,
	row.parameters.toLocaleString('en'),
	yesOrNo(row.batchNorm),
	row.dropout > 0 ? String(row.dropout) : 'no',
	yesOrNo(row.fullyConnected),
	row.transforms.join(', ') || yesOrNo(row.augmentation),
	row.optimizer,
	row.scheduler ?? 'no',
	yesOrNo(row.averaging),
	...(row.result ? resultCells(row.result, row.stale) : ['-', '-', '-', row.damaged ? 'damaged' : 'not recorded']),
];

const resultCells = ({train, test, target, metric, heldFor, held, trivial}: LadderResult, stale = false): string[] => [
	accuracy(train),
	accuracy(test),
	`${percent(target)}${metric === 'accuracy' ? '' : ` ${metricName(metric)}`} x ${heldFor}`,
	`${heldCell({held, trivial})}${stale ? ' (stale)' : ''}`,
];

/** Formats held seeds; a target that a constant answer reaches too is marked, so that it does not look like a success. */
export const heldCell = ({held, trivial}: Pick<LadderResult, 'held' | 'trivial'>): string =>
	`${held.count}/${held.of}${trivial ? ' (trivial)' : ''}`;

/** Explains that mark below a table; empty where no cell has it. */
export const trivialLegend = (results: ReadonlyArray<Pick<LadderResult, 'trivial'> | undefined>): string[] =>
	results.some(result => result?.trivial)
		? ['Trivial: always answering the most common class reaches the target too, so it shows no learning.']
		: [];

/** Formats a mean over seeds in percent, with its standard deviation if there is one. */
export const meanCell = (measured: Measured): string => accuracy(meanOf(measured));

const accuracy = ({mean, deviation}: MeanOverSeeds): string =>
	deviation === undefined ? percent(mean) : `${percent(mean)} ± ${(100 * deviation).toFixed(2)}`;

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

/** Returns the cells of the table; optimizers are shown if not all are `sgd`. */
export const ladderTable = (rows: readonly LadderRow[]): {readonly head: string[]; readonly body: string[][]} => {
	const isShown = (column: number): boolean =>
		columns[column] !== 'Optimizer' || rows.some(({optimizer}) => optimizer !== 'sgd');
	const shown = (row: readonly string[]): string[] => row.filter((_, column) => isShown(column));
	return {head: shown(columns), body: rows.map(row => shown(cells(row)))};
};

/** Returns the cells of the table with the results next to the steps, so that a narrow page shows them without scrolling. */
export const resultsFirst = (rows: readonly LadderRow[]): ReturnType<typeof ladderTable> => {
	const {head, body} = ladderTable(rows);
	const first = ['Step', 'Test %', 'Held', 'Target'].map(name => head.indexOf(name));
	const order = [...first, ...[...head.keys()].filter(column => !first.includes(column))];
	const ordered = (line: readonly string[]): string[] => order.map(column => line[column] ?? '');
	return {head: ordered(head), body: body.map(ordered)};
};

/** The formats of a ladder's table. */
export const ladderFormats = {
	text(rows: readonly LadderRow[], screen = plain): string {
		const {head, body} = ladderTable(rows);
		return textTable(head, body, {
			...{screen, spare},
			colour(text, column) {
				const [, count, of] = (column === 'Held' && /^(\d+)\/(\d+)$/.exec(text)) || [];
				return count === undefined ? text : (count === of ? screen.held : screen.missed)(text);
			},
		});
	},
	markdown(rows: readonly LadderRow[]): string {
		const {head, body} = ladderTable(rows);
		return markdownTable(head, body);
	},
	json: (rows: readonly LadderRow[]): string => JSON.stringify(rows, undefined, '\t'),
};

/** The place of the table in the ladder's page. */
export const ladderMarks = markedTable('ladder', 'ladder’s');

/**
 * Replaces the table between the marks of a page.
 *
 * @throws {RecordError} if a record is damaged, since the table would lose its figures
 */
export const withLadder = (page: string, records: LadderRecords): string => {
	for (const error of records.damaged().values()) {
		throw error;
	}

	return ladderMarks.replace(page, ladderFormats.markdown(ladderRows(records)));
};
