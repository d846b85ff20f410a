import type {Measured} from '../claims/measured-record.js';
import {summarize} from '../experiment/summarize.js';
import {percent} from '../format/figures.js';
import {markdownTable} from '../format/markdown.js';
import {plain, textTable} from '../format/text-table.js';
import {withLineEnds} from '../fs/write-user-file.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {Step} from '../step/define-step.js';
import type {LadderRecords} from './ladder-records.js';

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
	/** Whether averaged weights are judged and kept. */
	readonly averaging: boolean;
	/** The aspect that the step changed. */
	readonly changed: string | undefined;
	/** Whether there is a record that can't be read. */
	readonly damaged: boolean;
	/** What was measured; nothing for a step that has not been recorded, or whose record can't be read. */
	readonly result: LadderResult | undefined;
};

/** What a step's record comes to. Accuracies are fractions. */
export type LadderResult = {
	/** Training accuracy while learning, in the last epoch. */
	readonly train: MeanOverSeeds;
	/** Mean test accuracy of the last five epochs. */
	readonly test: MeanOverSeeds;
	/** The target that every one of the last epochs has to reach. */
	readonly target: number;
	readonly heldFor: number;
	/** Seeds that held it. */
	readonly held: {readonly count: number; readonly of: number};
};

/** A mean with the standard deviation over seeds, which a single seed has not. */
export type MeanOverSeeds = {readonly mean: number; readonly deviation: number | undefined};

/** A row a step, with what is switched on and what was measured. */
export const ladderRows = (records: LadderRecords): LadderRow[] =>
	records.ladder.entries.map(entry => ({
		...switches(entry.step),
		damaged: records.damaged().has(entry.step.name),
		result: result(entry, records),
	}));

const switches = ({name, aspect, experiment: {net, augmentation, schedule, averaging}}: Step) => ({
	step: name,
	parameters: summarize(net).parameters,
	batchNorm: net.block.norm === 'batch',
	dropout: net.block.dropout,
	fullyConnected: net.head.some(layer => layer.kind === 'average-pool'),
	augmentation: augmentation !== undefined,
	scheduler: schedule.kind === 'constant' ? undefined : schedule.kind,
	averaging: averaging !== undefined,
	changed: aspect,
});

const result = (entry: StepEntry, records: LadderRecords): LadderResult | undefined => {
	const found = records.find(entry);
	if (!found) {
		return undefined;
	}

	const {train, test, held, record} = found;
	const {testAccuracy: target, heldFor} = record.promise.target;
	return {train: over(train), test: over(test), target, heldFor, held};
};

const over = ({mean, deviation, values}: Measured): MeanOverSeeds => ({
	mean,
	deviation: values.length > 1 ? deviation : undefined,
});

const head = [
	...['Step', 'Parameters', 'BN', 'Dropout', 'FC', 'Augmentation', 'LR scheduler', 'Averaging'],
	...['Train %', 'Test %', 'Target', 'Held'],
];

/** What a step switches on can be read from `summary` and its file. */
const spare = ['Augmentation', 'Averaging', 'LR scheduler', 'FC', 'BN', 'Dropout', 'Train %', 'Target', 'Parameters'];

const cells = (row: LadderRow): string[] => [
	row.step,
	row.parameters.toLocaleString('en'),
	yes(row.batchNorm),
	row.dropout > 0 ? String(row.dropout) : 'no',
	yes(row.fullyConnected),
	yes(row.augmentation),
	row.scheduler ?? 'no',
	yes(row.averaging),
	...(row.result ? resultCells(row.result) : ['-', '-', '-', row.damaged ? 'damaged' : 'not recorded']),
];

const resultCells = ({train, test, target, heldFor, held}: LadderResult): string[] => [
	accuracy(train),
	accuracy(test),
	`${percent(target)} x ${heldFor}`,
	`${held.count}/${held.of}`,
];

/** A mean over seeds in percent, with its standard deviation where there is one. */
export const meanCell = (measured: Measured): string => accuracy(over(measured));

const accuracy = ({mean, deviation}: MeanOverSeeds): string =>
	deviation === undefined ? percent(mean) : `${percent(mean)} ± ${(100 * deviation).toFixed(2)}`;

const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** The table in words and figures. */
export const ladderTable = (rows: readonly LadderRow[]) => ({head, body: rows.map(cells)});

/** How a ladder can be written. */
export const ladderFormats = {
	text: (rows: readonly LadderRow[], screen = plain): string =>
		textTable(head, rows.map(cells), {
			...{screen, spare},
			colour(text, column) {
				const [, count, of] = (column === 'Held' && /^(\d+)\/(\d+)$/.exec(text)) || [];
				return count === undefined ? text : (count === of ? screen.held : screen.missed)(text);
			},
		}),
	markdown: (rows: readonly LadderRow[]): string => markdownTable(head, rows.map(cells)),
	json: (rows: readonly LadderRow[]): string => JSON.stringify(rows, undefined, '\t'),
};

const marks = /(?<=<!-- ladder: [^\n]* -->(?:\r?\n){2}).*?(?=(?:\r?\n){2}<!-- end of ladder -->)/s;

/** Whether a page has the marks of the ladder's table just once, with what belongs between them. */
export const hasMarks = (page: string): boolean =>
	[/<!--\s*ladder:/g, new RegExp(marks, 'gs'), /<!--\s*end of ladder/g].every(
		pattern => page.match(pattern)?.length === 1,
	);

/** Whether a page has some of the marks, or marks with nothing between them that could be replaced. */
export const hasBrokenMarks = (page: string): boolean => /<!--\s*(?:end of )?ladder/.test(page) && !hasMarks(page);

/** How the marks should be, for a sentence. */
export const marksWanted =
	'the marks of the ladder’s table should be there once, each between empty lines, with a line between them: ' +
	'<!-- ladder: written by `record` --> above it and <!-- end of ladder --> below';

/** Whether there is a table between the marks. */
export const hasTable = (page: string): boolean => /^\s*\|/.test(marks.exec(page)?.[0] ?? '');

/**
 * A page with the ladder's table between its marks brought up to date.
 *
 * @throws {RecordError} where a record is damaged: what was measured would be gone from the page
 */
export const withLadder = (page: string, records: LadderRecords): string => {
	for (const error of records.damaged().values()) {
		throw error;
	}

	return page.replace(marks, () => withLineEnds(ladderFormats.markdown(ladderRows(records)), page));
};
