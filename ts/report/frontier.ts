import type {MeasuredRecord} from '../claims/measured-record.js';
import type {DataDescription} from '../data/data.js';
import type {RecordError} from '../errors/index.js';
import {partialAim} from '../experiment/goal.js';
import {percent} from '../format/figures.js';
import type {PublishedResult} from '../ladder/define-ladder.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {estimateCell} from '../record/class-table.js';
import type {LadderRecords} from '../record/ladder-records.js';
import {heldCell, trivialLegend} from '../record/ladder-table.js';
import {stepChanges} from '../record/preregister.js';
import {groupBy} from '../statistics/group-by.js';
import {paretoFront} from '../statistics/pareto.js';
import {headline} from './headline.js';

/** Accuracy against parameters, over all recorded steps of several ladders: the content of their report, independent of its format. */
export type FrontierData = {
	readonly headline: string;
	/** Each ladder with a summary of its own. */
	readonly ladders: ReadonlyArray<{readonly name: string; readonly headline: string}>;
	/** One for each data set, since accuracies on different images can't be compared. */
	readonly frontiers: readonly Frontier[];
	/** Sentences about steps and ladders that are left out, or changed. */
	readonly notes: readonly string[];
	/** Recorded steps whose records are damaged, by ladder. */
	readonly damaged: ReadonlyMap<Ladder, ReadonlyMap<string, RecordError>>;
};

/** The recorded steps on one data set. */
export type Frontier = {
	/** Display name of the data set. */
	readonly name: string;
	readonly data: DataDescription;
	/** Names of the ladders with points in it, with their numbers among all. */
	readonly ladders: ReadonlyArray<{readonly name: string; readonly index: number}>;
	/** By the number of parameters. */
	readonly points: readonly FrontierPoint[];
	readonly published: readonly PublishedResult[];
	/** Goals of its ladders: accuracies as fractions, and largest numbers of parameters. Equal ones are one goal. */
	readonly goals: readonly FrontierGoal[];
};

/** A recorded step. */
export type FrontierPoint = {
	readonly ladder: string;
	/** Number of the ladder among all. */
	readonly index: number;
	readonly recorded: MeasuredRecord;
	/** Whether no recorded step is as accurate with fewer parameters. */
	readonly isFront: boolean;
};

/** A line that ladders aim at. */
export type FrontierGoal = {
	readonly kind: 'accuracy' | 'parameters';
	readonly value: number;
	readonly ladders: ReadonlyArray<{readonly name: string; readonly index: number}>;
};

/** Gathers the recorded steps of ladders, by data set. */
export const frontierData = (all: readonly LadderRecords[]): FrontierData => {
	const names = uniqueNames(all.map(({ladder}) => ladder));
	const found = all.map((records, index) => {
		const name = names[index] ?? '';
		const steps = records.ladder.entries.flatMap(entry => records.find(entry) ?? []);
		return {records, index, name, steps, dataHash: steps.at(-1)?.record.data.hash};
	});
	const points = found.flatMap(({name, index, steps}) => steps.map(recorded => ({ladder: name, index, recorded})));
	const byData = [...groupBy(points, ({recorded}) => recorded.record.data.hash)];
	const frontiers = byData.map(([hash, own]) => {
		const data = own[0]?.recorded.record.data as DataDescription; // a group has at least one point
		const aiming = found.filter(({dataHash}) => dataHash === hash);
		const isUnique = byData.filter(([, [other]]) => other?.recorded.record.data.name === data.name).length === 1;
		return {
			name: isUnique ? data.name : `${data.name} (${hash.slice(0, 8)})`,
			data,
			ladders: found
				.filter(({index}) => own.some(point => point.index === index))
				.map(({name, index}) => ({name, index})),
			points: withFront(own),
			published: uniquePublished(aiming.flatMap(({records}) => records.ladder.published)),
			goals: goalsOf(aiming),
		};
	});
	const count = points.length;
	return {
		headline: `${count} recorded ${count === 1 ? 'step' : 'steps'} of ${all.length} ladders on ${frontiers.length === 1 ? frontiers[0]?.name : `${frontiers.length} data sets, which are shown one by one: accuracies on different images are not compared`}.`,
		ladders: found.map(({name, records}) => ({name, headline: headline(records)})),
		frontiers,
		notes: found.flatMap(({name, records}) => notesOf(name, records)),
		damaged: new Map(all.map(records => [records.ladder, records.damaged()])),
	};
};

/** Makes the names of ladders different, by the number of their place in the list. */
const uniqueNames = (ladders: readonly Ladder[]): string[] =>
	ladders.map(({name}, index) =>
		ladders.filter(other => other.name === name).length === 1 ? name : `${name} (${index + 1})`,
	);

const withFront = (points: ReadonlyArray<Omit<FrontierPoint, 'isFront'>>): FrontierPoint[] => {
	const front = new Set(
		paretoFront(points.map(({recorded: {parameters, test}}) => ({cost: parameters, value: test.mean}))),
	);
	return points
		.map((point, position) => ({...point, isFront: front.has(position)}))
		.toSorted((a, b) => a.recorded.parameters - b.recorded.parameters || b.recorded.test.mean - a.recorded.test.mean);
};

/** Ladders may list the same result of others. */
const uniquePublished = (all: readonly PublishedResult[]): PublishedResult[] =>
	[...groupBy(all, result => JSON.stringify([result.name, result.parameters, result.accuracy, result.source])).values()]
		.flatMap(([first]) => first ?? [])
		.toSorted((a, b) => a.parameters - b.parameters || b.accuracy - a.accuracy);

const goalsOf = (
	ladders: ReadonlyArray<{readonly name: string; readonly index: number; readonly records: LadderRecords}>,
): FrontierGoal[] => {
	const all = ladders.flatMap(({name, index, records: {ladder}}) => {
		const aim = partialAim(ladder.target);
		const {maxParameters} = ladder.target;
		const of = (kind: FrontierGoal['kind'], value: number) => ({kind, value, ladder: {name, index}});
		return [
			...(aim?.metric === 'accuracy' ? [of('accuracy', aim.atLeast)] : []), // the axis is accuracy
			...(maxParameters === undefined ? [] : [of('parameters', maxParameters)]),
		];
	});
	return [...groupBy(all, ({kind, value}) => `${kind} ${value}`).values()].flatMap(same =>
		same.slice(0, 1).map(({kind, value}) => ({kind, value, ladders: same.map(({ladder}) => ladder)})),
	);
};

const notesOf = (name: string, records: LadderRecords): string[] => {
	const {entries, refused} = records.ladder;
	const recorded = entries.flatMap(entry => {
		const found = records.find(entry);
		return found ? [{entry, found}] : [];
	});
	return [
		...(recorded.length === 0 ? [`${name} has no point: none of its steps has a record that can be read.`] : []),
		...recorded.flatMap(({entry, found}) => {
			const [change] = stepChanges(entry, found.record.preregistration);
			return change === undefined
				? []
				: [
						`\`${entry.step.name}\` of ${name} has changed since it was recorded: ${change}. Its figures are those of the record.`,
					];
		}),
		...[...records.damaged().keys()].map(step => `Left out: \`${step}\` of ${name}, whose record is damaged.`),
		...refused.map(({name: step}) => `Left out: \`${step}\` of ${name}, whose file can’t be used.`),
	];
};

/** Returns the table of a data set's recorded steps, the smallest first. */
export const frontierTable = ({points}: Frontier) => ({
	head: [
		...['Step', 'Parameters', 'Test % (95 % interval)', 'Held', 'Ladder', 'Lowest %', 'Front', 'Seeds', 'Epochs'],
		'Seconds a seed',
	],
	body: points.map(({ladder, recorded, isFront}) => {
		const {name, parameters, test, lowest, seeds, epochs, record} = recorded;
		return [
			...[name, parameters.toLocaleString('en'), estimateCell(test), heldCell(recorded), ladder],
			...[percent(Math.min(...lowest.values)), isFront ? 'yes' : 'no', String(seeds.length), String(epochs)],
			Math.round(record.seeds.reduce((sum, {seconds}) => sum + seconds, 0) / record.seeds.length).toLocaleString('en'),
		];
	}),
});

/** Explains the columns of that table. */
export const frontierNotes = ({points}: Frontier): string[] => [
	'Test: mean over seeds of the accuracy of the last five epochs, in percent, rounded down; no epoch is chosen by it. Lowest: of all ' +
		'seeds and those epochs. Held: seeds that held the step’s own target, of all. Front: no other recorded step is as accurate with as few ' +
		'parameters. Seconds: the mean time of a seed on the machine that recorded it, where several may have been trained side by side.',
	...trivialLegend(points.map(({recorded}) => recorded)),
];

/** Returns the table of the results of others, the smallest first. */
export const publishedTable = ({published}: Frontier) => ({
	head: ['Published', 'Parameters', 'Accuracy %', 'Source'],
	body: published.map(({name, parameters, accuracy, source}) => [
		...[name, parameters.toLocaleString('en'), percent(accuracy), source],
	]),
});

/** Explains it. */
export const publishedNote =
	'As the sources give them. A best epoch, or the best of several runs, was chosen on the test images, and so looks better than a mean of last epochs.';
