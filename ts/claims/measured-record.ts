import {ConfigError} from '../errors/index.js';
import {aimOf, type Goal} from '../experiment/goal.js';
import {checkMeasure, lastEpochs, type Measure, type PredictionMeasure} from '../experiment/measures.js';
import {type ConstantAnswer, constantAnswer, isTrivial, labelOf} from '../experiment/metric.js';
import type {PredictionMeasures} from '../experiment/prediction-measures.js';
import {constantLabel} from '../experiment/prediction-measures.js';
import {reachTarget} from '../experiment/reach-target.js';
import {formatValue} from '../format/value.js';
import {groupBy} from '../statistics/group-by.js';
import {isPlainObject} from '../validation/plain-object.js';
import {type Measured, measured} from './measured.js';
import {type MeasuredClass, type MeasuredPredictions, measurePredictionsOverSeeds} from './measured-predictions.js';
import {measureAnswers} from './recorded-predictions.js';
import {type RecordedEpoch, type RecordedSeed, readLabels, type StepRecord} from './step-record.js';

/** Each {@link Measure} over seeds, and which seeds held the target. */
export type SeedsMeasured = {
	readonly seeds: readonly number[];
	/** Number of seeds whose last epochs were all at or above the target, and of all seeds. */
	readonly held: {readonly count: number; readonly of: number};
	/**
	 * The other seeds, with the lowest value of the target's metric in those epochs, and the class that the seed predicts for
	 * every image, if it does: such a seed misses every target.
	 */
	readonly missed: ReadonlyArray<{
		readonly seed: number;
		readonly lowest: number;
		readonly constant?: string;
	}>;
	/** By class, after the last epoch; `undefined` if the classes of the test images are unknown, as are the two below. */
	readonly perClass: readonly MeasuredClass[] | undefined;
	/** Always predicting the most common class: its value of the target's metric. */
	readonly constantAnswer: ConstantAnswer | undefined;
	/** Whether that reaches the target, so that reaching it shows no learning. */
	readonly trivial: boolean | undefined;
} & Readonly<Record<Exclude<Measure, PredictionMeasure>, Measured>> &
	Omit<MeasuredPredictions, 'perClass'>;

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
	...measureSeeds({...record, classes: record.data.classes, predictions: predictionsOf(record)}, goal),
});

/** Returns the predictions of a record's seeds. */
const predictionsOf = (record: StepRecord): Map<number, SeedPredictions> => {
	const {classes} = record.data;
	return new Map(
		record.answers.map(answers => {
			const labels = readLabels(answers.labels, classes.length);
			return [answers.seed, {labels, measures: measureAnswers(answers, classes)}];
		}),
	);
};

/** @throws {ConfigError} if a value is not a record as claims use it */
export const checkMeasuredRecord = (value: unknown): void => {
	const {seeds, record} = (value ?? {}) as Partial<MeasuredRecord>;
	const isRecorded = Array.isArray(seeds) && isPlainObject(record) && isPlainObject(record.data) && 'answers' in record;
	if (!isRecorded) {
		throw new ConfigError('record', 'that of a step, such as `self`, `from` or `step(NAME)`', formatValue(value));
	}
};

/**
 * Returns a measure of a step.
 *
 * @throws {ConfigError} if the value is not a record, the measure is unknown, or the record is older than the measure
 */
export const measureOf = (recorded: MeasuredRecord, measure: Measure): Measured => {
	checkMeasuredRecord(recorded);
	checkMeasure('measure', measure);
	const found = recorded[measure];
	if (!found) {
		const reason = measure === 'top3' && recorded.perClass ? 'it is measured with four classes or more' : tooOld;
		const problem = `\`${recorded.name}\` has no \`${measure}\`: ${reason}`;
		throw new ConfigError('measure', 'a measure that the record has', measure, problem);
	}

	return found;
};

/**
 * Returns the measures of a class: precision, recall and F1 after the last epoch.
 *
 * @example
 * ```ts
 * claim(
 * 	({self}) => `It finds ${percent(ofClass(self, 'crack').recall.mean)} % of the cracks.`,
 * 	({self}) => ofClass(self, 'crack').recall.low > 0.9,
 * )
 * ```
 * @throws {ConfigError} if the value is not a record, the class is unknown, or the record does not have the classes of its
 * images, as older ones
 */
export const ofClass = (recorded: MeasuredRecord, name: string): MeasuredClass => {
	checkMeasuredRecord(recorded);
	const {perClass, record} = recorded;
	if (!perClass) {
		const problem = `\`${recorded.name}\` has no measures by class: ${tooOld}`;
		throw new ConfigError('record', 'one with measures by class', recorded.name, problem);
	}

	return perClass[labelOf('class', name, record.data.classes)] as MeasuredClass; // it has every class of the data
};

const tooOld = 'it was recorded before records kept the class of each mistake; record it again with `--fresh`';

/** Computes the measures of finished seeds. */
export const measureSeeds = ({seeds, epochs, classes, predictions}: FinishedSeeds, goal: Goal): SeedsMeasured => {
	const rowsBySeed = groupBy(epochs, ({seed}) => seed);
	const runs = seeds.map(seed => ({seed, rows: rowsBySeed.get(seed.seed) ?? []}));
	const over = (measure: (run: Run) => number): Measured =>
		measured(new Map(runs.map(({seed, rows}) => [seed.seed, measure(asRun(seed, rows))])));
	const missed = runs.flatMap(({seed: {seed}, rows}) => {
		const {values, isReached} = reachTarget(goal, rows, classes);
		const label = constantLabel(predictions.get(seed)?.labels ?? [], rows.at(-1)?.testCorrect ?? 0);
		const constant = label === undefined ? {} : {constant: classes[label] ?? String(label)};
		return isReached && label === undefined ? [] : [{seed, lowest: Math.min(...values), ...constant}];
	});
	const measuredSeeds = [...predictions].flatMap(([seed, {measures}]) => (measures ? [[seed, measures] as const] : []));
	const predicted =
		measuredSeeds.length === seeds.length ? measurePredictionsOverSeeds(new Map(measuredSeeds)) : undefined;
	const aim = aimOf(goal);
	const counts = predicted?.perClass.map(({count}) => count);
	const answer = counts && constantAnswer(aim.metric, counts, classes);
	return {
		seeds: seeds.map(({seed}) => seed),
		...{held: {count: runs.length - missed.length, of: runs.length}, missed},
		...{perClass: undefined, ...predicted, constantAnswer: answer, trivial: answer && isTrivial(aim, answer)},
		test: over(({last}) => last.reduce((sum, value) => sum + value, 0) / last.length),
		lowest: over(({last}) => Math.min(...last)),
		range: over(({last}) => Math.max(...last) - Math.min(...last)),
		first: over(({rows: [row]}) => accuracy(row)),
		train: over(({final}) => final.trainCorrect / final.trainTotal),
		trainClean: over(({clean}) => clean),
		gap: over(({clean, final}) => clean - accuracy(final)),
	};
};

/** The predictions of the test images by one seed, after the last epoch. */
export type SeedPredictions = {
	readonly labels: readonly number[];
	/** `undefined` if the classes of the images are unknown. */
	readonly measures: PredictionMeasures | undefined;
};

/** Seeds that have finished. */
type FinishedSeeds = {
	readonly seeds: readonly MeasuredSeed[];
	readonly epochs: readonly RecordedEpoch[];
	/** Names of the classes. */
	readonly classes: readonly string[];
	readonly predictions: ReadonlyMap<number, SeedPredictions>;
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
