import {ConfigError} from '../errors/index.js';
import {didYouMean} from '../format/did-you-mean.js';
import {formatValue} from '../format/value.js';
import {type ClassCounts, measuresOfCounts} from '../statistics/classification.js';
import {isPlainObject} from '../validation/plain-object.js';
import {wrongChoice} from '../validation/validate.js';

/** The measure of the test images that a target is about: `{recall: 'cat'}` is the recall of the class `cat`. */
export type Metric = 'accuracy' | 'balancedAccuracy' | 'macroF1' | {readonly recall: string};

/** A metric, and the value that it should reach. */
export type Aim = {readonly metric: Metric; readonly atLeast: number};

/** The metrics without a class, each with its name in sentences. */
const names = {accuracy: 'accuracy', balancedAccuracy: 'balanced accuracy', macroF1: 'macro F1'} as const;

/** Returns the name of a metric in sentences: `recall of cat`. */
export const metricName = (metric: Metric): string =>
	typeof metric === 'string' ? names[metric] : `recall of ${metric.recall}`;

/** Returns whether a value is a metric. */
export const isMetric = (value: unknown): value is Metric =>
	typeof value === 'string'
		? Object.hasOwn(names, value)
		: isPlainObject(value) && Object.keys(value).join() === 'recall' && typeof value.recall === 'string';

/** @throws {ConfigError} for a value that is not a metric */
export const checkMetric = (setting: string, value: unknown): void => {
	if (!isMetric(value)) {
		const known = Object.keys(names);
		const expected = `${known.map(name => `\`${name}\``).join(', ')} or \`{recall: CLASS}\``;
		throw wrongChoice(setting, expected, value, known);
	}
};

/**
 * Returns the label of a class.
 *
 * @throws {ConfigError} for an unknown class
 */
export const labelOf = (setting: string, name: string, classes: readonly string[]): number => {
	const label = classes.indexOf(name);
	if (label === -1) {
		const problem = `\`${setting}\` should be a class of the data, got ${JSON.stringify(name)}${didYouMean(name, classes)}`;
		throw new ConfigError(setting, 'a class of the data', formatValue(name), problem);
	}

	return label;
};

/** Computes a metric. The recall of a class without images is 0. */
export const metricValue = (metric: Metric, counts: ClassCounts, classes: readonly string[]): number => {
	const measures = measuresOfCounts(counts);
	return typeof metric === 'string'
		? measures[metric]
		: (measures.perClass[labelOf('target.metric.recall', metric.recall, classes)]?.recall ?? 0);
};

/** A model that predicts one class for every image. */
export type ConstantAnswer = {
	readonly class: string;
	/** Its value of the metric; its accuracy if that is a recall, since always answering a class has a recall of 1. */
	readonly value: number;
};

/** Returns the constant answer that is best for a metric: the most common class. */
export const constantAnswer = (
	metric: Metric,
	count: readonly number[],
	classes: readonly string[],
): ConstantAnswer => {
	const total = count.reduce((sum, images) => sum + images, 0);
	const most = Math.max(...count);
	const label = count.indexOf(most);
	const withImages = count.filter(images => images > 0).length;
	const values = {
		accuracy: most / total,
		balancedAccuracy: 1 / withImages,
		macroF1: (2 * most) / (most + total) / withImages,
	};
	return {class: classes[label] ?? String(label), value: values[typeof metric === 'string' ? metric : 'accuracy']};
};

/** Returns whether a constant answer reaches a target. One on a recall is not compared: always answering its class reaches any. */
export const isTrivial = ({metric, atLeast}: Aim, {value}: ConstantAnswer): boolean =>
	typeof metric === 'string' && atLeast <= value;
