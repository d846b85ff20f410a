import {lastEpochs, type Measure, measures} from '../experiment/measures.js';
import {sha256} from '../fs/hash.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import {isPlainObject} from '../validation/plain-object.js';
import {registerRecord} from './genuine.js';
import {type Measured, measured} from './measured.js';
import type {MeasuredClass} from './measured-predictions.js';
import type {MeasuredRecord} from './measured-record.js';
import {type RecordedAnswers, type RecordedEpoch, readLabels, writeLabels} from './step-record.js';
import type {SweepSummary, TrialSummary} from './sweep-summary.js';

// Records in which every measure is another one. What a claim says and decides about them shows what it rests on: a figure that
// stays the same was typed, and a condition that stays true holds whatever the records say.

/** How records are changed. Each has other values for every measure; together they go in all directions. With `same`, all records are alike. */
export const recordChanges = ['low', 'high', 'behind', 'ahead', 'alike', 'same'] as const;

export type RecordChange = (typeof recordChanges)[number];

/**
 * The range of accuracies: of the step whose claims are evaluated, and of all others. The low ones are below chance, so that a claim of
 * more than chance is false there.
 */
const ranges: Readonly<Record<RecordChange, readonly [own: Range, others: Range]>> = {
	low: [
		[0.001, 0.05],
		[0.001, 0.05],
	],
	high: [
		[0.9, 0.9999],
		[0.9, 0.9999],
	],
	behind: [
		[0.001, 0.05],
		[0.9, 0.9999],
	],
	ahead: [
		[0.9, 0.9999],
		[0.001, 0.05],
	],
	alike: [
		[0.6, 0.62],
		[0.6, 0.62],
	],
	same: [
		[0.7, 0.72],
		[0.7, 0.72],
	],
};

type Range = readonly [from: number, to: number];

/** What changes beside the measures. */
export type ChangedParts = {
	/** Whether there is one seed more; `true` by default. */
	readonly seeds?: boolean;
	/** Whether the numbers of the experiment are others; `false` by default. */
	readonly settings?: boolean;
};

/**
 * Returns a record with other measures, epochs, predictions and counts, and another target.
 *
 * @param isOwn whether it is of the step whose claims are evaluated
 */
export const changeRecord = (
	recorded: MeasuredRecord,
	change: RecordChange,
	isOwn: boolean,
	{seeds: oneMore = true, settings = false}: ChangedParts = {},
): MeasuredRecord => {
	const [from, to] = ranges[change][isOwn ? 0 : 1];
	const isHigh = from > 0.5;
	const share = (...of: ReadonlyArray<string | number>): number => {
		const drawn =
			Number.parseInt(sha256([change, change === 'same' ? '' : recorded.name, ...of].join(' ')).slice(0, 13), 16) /
			16 ** 13;
		return from + (to - from) * drawn;
	};
	const {record} = recorded;
	const added = Math.max(...recorded.seeds) + 1;
	const seeds = [...recorded.seeds, ...(oneMore ? [added] : [])];
	const over = (value: (seed: number) => number): Measured => measured(new Map(seeds.map(seed => [seed, value(seed)])));
	const ofAll = (Object.keys(measures) as Measure[]).flatMap(measure => {
		const of = (seed: number): number => share(measure, seed);
		const value = (seed: number): number =>
			measure === 'gap'
				? of(seed) - 0.5
				: measure === 'range' || measure === 'calibrationError'
					? of(seed) / 10
					: of(seed);
		return recorded[measure] ? [[measure, over(value)] as const] : [];
	});
	const lowest = (seed: number): number => share('lowest', seed);
	const missed = seeds.filter((_, index) => !isHigh || (change === 'alike' && index % 2 === 0));
	const rows = seeds.flatMap(seed =>
		record.epochs
			.filter(row => row.seed === (seed === added ? recorded.seeds[0] : seed))
			.map(
				(row): RecordedEpoch => ({
					...{
						...row,
						seed,
						trainLoss: 3 * share('train loss', seed, row.epoch),
						testLoss: 3 * share('test loss', seed, row.epoch),
					},
					trainCorrect: Math.round(row.trainTotal * share('train', seed, row.epoch)),
					testCorrect: Math.round(row.testTotal * share('test', seed, row.epoch)),
					learningRate: settings ? row.learningRate * 3 * share('rate', row.epoch) : row.learningRate,
				}),
			),
	);
	const factor = isHigh ? 2.9 : change === 'alike' ? 1.3 : 0.37;
	const {target, data} = record.preregistration;
	const preregistration = {
		...record.preregistration,
		target: changeNumbers(target, share),
		seeds: record.preregistration.seeds && seeds,
	};
	let answers: RecordedAnswers[] | undefined;
	const parameters = Math.round(factor * recorded.parameters) + 7;
	return registerRecord({
		...recorded,
		...Object.fromEntries(ofAll),
		...{parameters, epochs: recorded.epochs + lastEpochs + (isHigh ? 1 : 2), seeds},
		held: {count: seeds.length - missed.length, of: seeds.length},
		missed: missed.map(seed => ({seed, lowest: lowest(seed)})),
		perClass: recorded.perClass?.map(
			(row): MeasuredClass => ({
				...{class: row.class, count: Math.round(factor * row.count) + 3},
				precision: over(seed => share('precision', row.class, seed)),
				recall: over(seed => share('recall', row.class, seed)),
				f1: over(seed => share('f1', row.class, seed)),
			}),
		),
		constantAnswer: changeNumbers(recorded.constantAnswer, share),
		trivial: recorded.trivial === undefined ? undefined : !isHigh,
		record: {
			...{...record, preregistration, parameters, epochs: rows},
			experiment: settings ? changeNumbers(record.experiment, share) : record.experiment,
			data: {...data, train: data.train + 11, test: data.test + 7},
			seeds: seeds.map(seed => {
				const of = record.seeds.find(other => other.seed === seed) ?? record.seeds[0];
				return {
					...(of as (typeof record.seeds)[number]),
					...{
						seed,
						trainCleanCorrect: Math.round((of?.trainCleanTotal ?? 0) * share('clean', seed)),
						seconds: 1000 * share('seconds', seed),
					},
				};
			}),
			get answers() {
				// most claims need none, and there are many
				answers ??= answersOf(record.answers, data.classes.length, seeds, seed => share('answers', seed));
				return answers;
			},
		},
	} as MeasuredRecord);
};

/** Returns predictions of which as many are right as `share` says, drawn for each seed. */
const answersOf = (
	answers: readonly RecordedAnswers[],
	classes: number,
	seeds: readonly number[],
	share: (seed: number) => number,
): RecordedAnswers[] =>
	seeds.map(seed => {
		const of = answers.find(other => other.seed === seed) ?? answers[0];
		const labels = readLabels(of?.labels ?? '', classes);
		const right = share(seed);
		const mistakes: Record<string, number> = {};
		const expected: Record<string, number> = {};
		const ranks: Record<string, number> = {};
		let state = Math.floor(right * 2 ** 31) + seed;
		const predicted = labels.map((label, image) => {
			state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // a linear congruential generator
			if (state / 2 ** 32 < right) {
				return label;
			}

			mistakes[image] = Math.max(right, 1 / classes);
			expected[image] = label;
			ranks[image] = 2;
			return (label + 1 + (state % (classes - 1))) % classes;
		});
		const evaluation = of?.evaluation && {...of.evaluation, expected, ranks};
		return {seed, labels: writeLabels(predicted, classes), mistakes, ...(evaluation && {evaluation})};
	});

/** Returns a sweep with other results; its settings, which its record names, stay. */
export const changeSweep = (sweep: SweepSummary, change: RecordChange): SweepSummary => {
	const share = (...of: ReadonlyArray<string | number>): number =>
		Number.parseInt(sha256([change, sweep.name, ...of].join(' ')).slice(0, 13), 16) / 16 ** 13;
	const changed = (trial: TrialSummary): TrialSummary => {
		const {name, settings, parameters, significant, stopped} = trial;
		const by =
			(of: string) =>
			(...more: ReadonlyArray<string | number>): number =>
				share(name, of, ...more);
		const over = (of: string, seeds: readonly number[]): Measured =>
			measured(new Map(seeds.map(seed => [seed, of === '' ? share(name, seed) : share(name, of, seed)])));
		return {
			...{name, settings, parameters, significant: change === 'alike' ? significant : !significant},
			holdout: trial.holdout && over('', sweep.seeds),
			objective: trial.objective && over(sweep.objective === 'accuracy' ? '' : 'objective', sweep.seeds),
			stopped: stopped && {...stopped, value: share(name, 'stopped')},
			final: trial.final && over('final', sweep.finalSeeds),
			diverged: change === 'low' ? [...sweep.seeds, ...sweep.finalSeeds] : [],
			difference: changeNumbers(trial.difference, by('difference')),
			corrected: share(name, 'corrected'),
		};
	};
	return deepFreeze({...sweep, base: changed(sweep.base), trials: sweep.trials.map(changed)});
};

/** Returns a sweep whose tests have the opposite outcomes. */
export const invertSweep = (sweep: SweepSummary): SweepSummary =>
	deepFreeze({
		...sweep,
		trials: sweep.trials.map(trial => ({
			...trial,
			significant: !trial.significant,
			corrected: trial.significant ? 1 : 0,
		})),
	});

/** Changes all numbers in a value, at random; whole ones stay whole. */
const changeNumbers = <Value>(value: Value, share: (place: string) => number, place = ''): Value => {
	if (typeof value === 'number') {
		const factor = 0.3 + 2 * share(place);
		return (Number.isInteger(value) ? Math.round(value * factor) + 2 : value * factor) as Value;
	}

	if (Array.isArray(value)) {
		return value.map((part, index) => changeNumbers(part, share, `${place}.${index}`)) as Value;
	}

	return isPlainObject(value)
		? (Object.fromEntries(
				Object.entries(value).map(([name, part]) => [name, changeNumbers(part, share, `${place}.${name}`)]),
			) as Value)
		: value;
};
