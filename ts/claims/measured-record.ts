import {ConfigError} from '../errors/index.js';
import type {Goal} from '../experiment/goal.js';
import {checkMeasure, lastEpochs, type Measure} from '../experiment/measures.js';
import {formatValue} from '../format/value.js';
import {type Spread, spread} from '../statistics/spread.js';
import {isPlainObject} from '../validation/plain-object.js';
import type {RecordedEpoch, RecordedSeed, StepRecord} from './step-record.js';

/** A measure over seeds. */
export type Measured = Spread & {readonly bySeed: ReadonlyMap<number, number>};

/** Each {@link Measure} over seeds, and which seeds held the target. */
export type SeedsMeasured = {
	readonly seeds: readonly number[];
	/** Number of seeds whose last epochs were all at or above the target, and of all seeds. */
	readonly held: {readonly count: number; readonly of: number};
	/** The other seeds, with the lowest test accuracy of those epochs. */
	readonly missed: ReadonlyArray<{readonly seed: number; readonly lowest: number}>;
} & Readonly<Record<Measure, Measured>>;

/** A record as claims use it, with each {@link Measure} over its seeds. */
export type MeasuredRecord = {
	readonly name: string;
	readonly parameters: number;
	/** Number of epochs of each seed. */
	readonly epochs: number;
	readonly record: StepRecord;
} & SeedsMeasured;

/** Computes the measures of a record. The goal is by default the preregistered one. */
export const measureRecord = (record: StepRecord, goal: Goal = record.preregistration.target): MeasuredRecord => ({
	...{name: record.step, parameters: record.parameters, epochs: record.experiment.epochs, record},
	...measureSeeds(record, goal),
});

/** @throws {ConfigError} if a value is not a record as claims use it */
export const checkMeasuredRecord = (value: unknown): void => {
	const {seeds, record} = (value ?? {}) as Partial<MeasuredRecord>;
	const isRecorded =
		Array.isArray(seeds) && isPlainObject(record) && isPlainObject(record.data) && Array.isArray(record.answers);
	if (!isRecorded) {
		throw new ConfigError('record', 'that of a step, such as `self`, `from` or `step(NAME)`', formatValue(value));
	}
};

/**
 * Returns a measure of a step.
 *
 * @throws {ConfigError} if the value is not a record, or the measure is unknown
 */
export const measureOf = (recorded: MeasuredRecord, measure: Measure): Measured => {
	checkMeasuredRecord(recorded);
	checkMeasure('measure', measure);
	return recorded[measure];
};

/** Computes the measures of finished seeds. */
export const measureSeeds = (
	{seeds, epochs}: {readonly seeds: readonly MeasuredSeed[]; readonly epochs: readonly RecordedEpoch[]},
	goal: Goal,
): SeedsMeasured => {
	const runs = seeds.map(seed => ({seed, rows: epochs.filter(row => row.seed === seed.seed)}));
	const over = (measure: (run: Run) => number): Measured => {
		const bySeed = new Map(runs.map(({seed, rows}) => [seed.seed, measure(asRun(seed, rows))]));
		return {...spread([...bySeed.values()]), bySeed};
	};

	const missed = runs.flatMap(({seed: {seed}, rows}) => {
		const last = rows.slice(-goal.heldFor);
		const lowest = Math.min(...last.map(row => accuracy(row)));
		return last.length === goal.heldFor && lowest >= goal.testAccuracy ? [] : [{seed, lowest}];
	});
	return {
		seeds: seeds.map(({seed}) => seed),
		...{held: {count: runs.length - missed.length, of: runs.length}, missed},
		test: over(({last}) => last.reduce((sum, value) => sum + value, 0) / last.length),
		lowest: over(({last}) => Math.min(...last)),
		range: over(({last}) => Math.max(...last) - Math.min(...last)),
		first: over(({rows: [row]}) => accuracy(row)),
		train: over(({final}) => final.trainCorrect / final.trainTotal),
		trainClean: over(({clean}) => clean),
		gap: over(({clean, final}) => clean - accuracy(final)),
	};
};

type MeasuredSeed = Pick<RecordedSeed, 'seed' | 'trainCleanCorrect' | 'trainCleanTotal'>;

type Run = {
	readonly rows: readonly [RecordedEpoch, ...RecordedEpoch[]];
	readonly final: RecordedEpoch;
	/** Test accuracies. */
	readonly last: readonly number[];
	readonly clean: number;
};

const asRun = (seed: MeasuredSeed, rows: readonly RecordedEpoch[]): Run => {
	const [first, ...others] = rows;
	if (!first) {
		throw new ConfigError('record', 'with epochs of every seed', `none of seed ${seed.seed}`);
	}

	return {
		...{rows: [first, ...others], final: rows.at(-1) ?? first},
		last: rows.slice(-lastEpochs).map(row => accuracy(row)),
		clean: seed.trainCleanCorrect / seed.trainCleanTotal,
	};
};

const accuracy = ({testCorrect, testTotal}: RecordedEpoch): number => testCorrect / testTotal;
