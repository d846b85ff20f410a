import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkMeasure, currentMeasure, type Measure} from './measures.js';
import {type Aim, checkMetric, type Metric, metricName} from './metric.js';

/** Target for every seed, and budgets. */
export type Goal = Threshold & {
	/**
	 * Number of last epochs, each of which should reach it.
	 *
	 * @range whole number, at least 1
	 * @unit epochs
	 */
	readonly heldFor: number;
	/**
	 * Largest number of parameters.
	 *
	 * @range whole number, at least 1
	 * @unit parameters
	 */
	readonly maxParameters: number;
	/**
	 * Largest number of epochs.
	 *
	 * @range whole number, at least 1
	 * @unit epochs
	 */
	readonly maxEpochs: number;
	/**
	 * Measure that the step is to change. Its test is not corrected; the other tests of an analysis are corrected together.
	 *
	 * @default 'test'
	 */
	readonly primary?: Measure | undefined;
};

/** What an epoch should reach: an accuracy on the test images, or another metric of them. */
export type Threshold =
	| {
			/**
			 * Accuracy on the test images that an epoch should reach.
			 *
			 * @range number above 0 and at most 1
			 * @unit fraction
			 * @default `metric` and `atLeast` in its place
			 */
			readonly testAccuracy: number;
			readonly metric?: undefined;
			readonly atLeast?: undefined;
	  }
	| {
			readonly testAccuracy?: undefined;
			/**
			 * The metric of the test images that an epoch should reach.
			 *
			 * @default `testAccuracy` in its place
			 */
			readonly metric: Metric;
			/**
			 * The value of `metric` that an epoch should reach.
			 *
			 * @range number above 0 and at most 1
			 * @unit fraction
			 * @default `testAccuracy` in its place
			 */
			readonly atLeast: number;
	  };

/** The goal of a ladder: a target without its reason, of which parts may be left out. */
export type PartialGoal = {
	/**
	 * Accuracy on the test images that the last epochs should reach.
	 *
	 * @range number above 0 and at most 1
	 * @unit fraction
	 * @default none
	 */
	readonly testAccuracy?: number | undefined;
	/**
	 * In place of `testAccuracy`: the metric of the test images that the last epochs should reach.
	 *
	 * @default none
	 */
	readonly metric?: Metric | undefined;
	/**
	 * Its value.
	 *
	 * @range number above 0 and at most 1
	 * @unit fraction
	 * @default none
	 */
	readonly atLeast?: number | undefined;
	/**
	 * Number of last epochs, each of which should reach it.
	 *
	 * @range whole number, at least 1
	 * @unit epochs
	 * @default none
	 */
	readonly heldFor?: number;
	/**
	 * Largest number of parameters.
	 *
	 * @range whole number, at least 1
	 * @unit parameters
	 * @default none
	 */
	readonly maxParameters?: number;
	/**
	 * Largest number of epochs.
	 *
	 * @range whole number, at least 1
	 * @unit epochs
	 * @default none
	 */
	readonly maxEpochs?: number;
};

/** Returns the metric of a target and the value that it should reach. */
export const aimOf = ({testAccuracy, metric = 'accuracy', atLeast = 0}: Threshold): Aim => ({
	metric,
	atLeast: testAccuracy ?? atLeast,
});

/** Returns the metric of a ladder's goal and the value that it should reach; `undefined` if it names none. */
export const partialAim = ({
	testAccuracy,
	metric = 'accuracy',
	atLeast = testAccuracy,
}: PartialGoal): Aim | undefined => (atLeast === undefined ? undefined : {metric, atLeast});

/** Formats the value that a metric should reach: `99.40 %`, `90.00 % macro F1`. */
export const ofMetric = (formatted: string, metric: Metric): string =>
	metric === 'accuracy' ? `${formatted} %` : `${formatted} % ${metricName(metric)}`;

/** Returns a target without its reason. One on accuracy has the form that it has always had. */
export const goalOf = (goal: Goal): Goal => {
	const {heldFor, maxParameters, maxEpochs, primary} = goal;
	const {metric, atLeast} = aimOf(goal);
	return {
		...(metric === 'accuracy' ? {testAccuracy: atLeast} : {metric, atLeast}),
		...{heldFor, maxParameters, maxEpochs},
		...(primary && {primary: currentMeasure(primary)}),
	};
};

/** @throws {ConfigError} for the first invalid value */
export const checkGoal = (goal: Goal): void => {
	checkThreshold(goal);
	const {heldFor, maxParameters, maxEpochs, primary} = goal;
	for (const [setting, value] of Object.entries({heldFor, maxParameters, maxEpochs})) {
		if (!Number.isSafeInteger(value) || value < 1) {
			throw new ConfigError(`target.${setting}`, 'a whole number, at least 1', formatValue(value));
		}
	}

	if (primary !== undefined) {
		checkMeasure('target.primary', currentMeasure(primary));
	}
};

/**
 * Checks that a target has `testAccuracy`, or `metric` and `atLeast`.
 *
 * @throws {ConfigError}
 */
export const checkThreshold = ({testAccuracy, metric, atLeast}: PartialGoal): void => {
	if (metric !== undefined) {
		checkMetric('target.metric', metric);
	}

	if (testAccuracy !== undefined && (metric !== undefined || atLeast !== undefined)) {
		const given = metric === undefined ? 'atLeast' : 'metric';
		throw new ConfigError(`target.${given}`, 'left out beside `testAccuracy`', formatValue(metric ?? atLeast));
	}

	if (metric === undefined && atLeast !== undefined) {
		throw new ConfigError('target.metric', 'given beside `atLeast`, such as `macroF1`', formatValue(metric));
	}

	const [setting, value] = metric === undefined ? ['testAccuracy', testAccuracy] : ['atLeast', atLeast];
	if (!(typeof value === 'number' && value > 0 && value <= 1)) {
		throw new ConfigError(`target.${setting}`, 'a fraction above 0 and at most 1', formatValue(value));
	}
};
