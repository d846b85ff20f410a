import jstat from 'jstat';
import type {TriedSetting} from '../experiment/settings.js';
import {canonicalJson} from '../fs/hash.js';
import {drawValue, shareOf, valueOnScale} from './draw-value.js';
import {isVaried, type PlannedSetting, scaleOf, valueAt} from './varied.js';

const {jStat} = jstat; // a CommonJS package

/** A trial that was trained, with its score: higher is better. */
export type ScoredTrial = {readonly settings: readonly TriedSetting[]; readonly score: number};

/** Number of values that are drawn for a setting, of which the most promising is taken. */
const candidates = 24;

/** The largest number of good trials, and their share of all. */
const [mostGood, shareOfGood] = [25, 0.1];

/**
 * Proposes the settings of the next trial with a tree-structured Parzen estimator (Bergstra et al. 2011), each setting by itself, with
 * the defaults of Optuna: the best tenth of the trials are good; of 24 values drawn from the density of the good ones, the one
 * with the highest ratio to the density of the others is taken. All draws are hashes of `name`, so that a resumed sweep proposes
 * the same.
 *
 * @param pending settings without a score, such as those proposed from the same history; they count among the others, or all
 * would be alike
 */
export const proposeSettings = (
	vary: readonly PlannedSetting[],
	history: readonly ScoredTrial[],
	pending: ReadonlyArray<readonly TriedSetting[]>,
	name: string,
): TriedSetting[] => {
	const ranked = history.toSorted((a, b) => b.score - a.score);
	const count = Math.min(Math.ceil(shareOfGood * ranked.length), mostGood);
	const [good = [], others = []] = [ranked.slice(0, count), ranked.slice(count)].map(trials =>
		trials.map(({settings}) => settings),
	);
	const settings: TriedSetting[] = [];
	for (const varied of vary) {
		if (isVaried(varied, settings)) {
			settings.push(propose(varied, good, [...others, ...pending], `${name} ${varied.path}`));
		}
	}

	return settings;
};

const propose = (
	varied: PlannedSetting,
	good: ReadonlyArray<readonly TriedSetting[]>,
	others: ReadonlyArray<readonly TriedSetting[]>,
	name: string,
): TriedSetting => {
	const [seenGood, seenOthers] = [good, others].map(trials =>
		trials.flatMap(settings => settings.filter(({path}) => path === varied.path)),
	);
	if (!seenGood || !seenOthers || seenGood.length + seenOthers.length === 0) {
		return drawValue(varied, name);
	}

	const [l, g] = varied.range
		? [seenGood, seenOthers].map(seen => parzen(varied.range, seen))
		: [seenGood, seenOthers].map(seen => frequencies(varied, seen));
	if (!l || !g) {
		return drawValue(varied, name);
	}

	let [best, ratio] = [l.draw(`${name} 0`), Number.NEGATIVE_INFINITY];
	for (let candidate = 0; candidate < candidates; candidate += 1) {
		const drawn = l.draw(`${name} ${candidate}`);
		const promise = Math.log(l.density(drawn)) - Math.log(g.density(drawn));
		if (promise > ratio) {
			[best, ratio] = [drawn, promise];
		}
	}

	return varied.range ? {path: varied.path, value: valueOnScale(varied.range, best)} : valueAt(varied, best);
};

/** A density of a setting's values: on its scale for a range, over positions for a list. */
type Density = {readonly draw: (name: string) => number; readonly density: (value: number) => number};

/**
 * Returns the density of the values of a list: a mixture of distributions, each of which has one seen value and spreads a part over
 * all, the larger the fewer there are; one more is uniform. So a value that few good trials have is tried again.
 */
const frequencies = ({values = []}: PlannedSetting, seen: readonly TriedSetting[]): Density => {
	const spread = 1 / (seen.length + 1);
	const whole = 1 + values.length * spread;
	const keys = values.map(value => canonicalJson(value));
	const share = keys.map(key => {
		const count = seen.filter(({value}) => canonicalJson(value) === key).length;
		return ((count + seen.length * spread) / whole + 1 / keys.length) / (seen.length + 1);
	});
	return {draw: name => positionAt(share, shareOf(name)), density: position => share[position] ?? 0};
};

/** Returns the position at which a running sum of shares passes a share. */
const positionAt = (shares: readonly number[], share: number): number => {
	let sum = 0;
	const position = shares.findIndex(part => {
		sum += part;
		return share < sum;
	});
	return position === -1 ? shares.length - 1 : position;
};

/**
 * Returns the density of the values of a range: a mixture of normal distributions, cut off at the ends of the range. Each has a
 * value as its mean, and as its deviation the larger distance to a neighbour; one more lies in the middle, as wide as the range.
 */
export const parzen = (range: NonNullable<PlannedSetting['range']>, seen: readonly TriedSetting[]): Density => {
	const {low, high, at} = scaleOf(range);
	const width = high - low;
	const prior = (low + high) / 2;
	const means = [...seen.map(({value}) => at(Number(value))), prior].toSorted((a, b) => a - b);
	const least = width / Math.min(100, means.length);
	const middle = means.indexOf(prior);
	const parts = means.map((mean, index) => {
		const [before, after] = [means[index - 1] ?? low, means[index + 1] ?? high];
		const distance = Math.min(width, Math.max(mean - before, after - mean, least));
		const deviation = index === middle ? width : distance;
		const [below, within] = [jStat.normal.cdf(low, mean, deviation), jStat.normal.cdf(high, mean, deviation)];
		return {mean, deviation, mass: within - below};
	});
	return {
		draw(name) {
			const part = parts[Math.floor(shareOf(name) * parts.length)];
			return part ? drawWithin(part.mean, part.deviation, low, high, name) : prior;
		},
		density: value =>
			parts.reduce(
				(sum, {mean, deviation, mass}) =>
					sum + Math.exp(-((value - mean) ** 2) / (2 * deviation ** 2)) / (deviation * Math.sqrt(2 * Math.PI) * mass),
				0,
			) / parts.length,
	};
};

/** Draws from a normal distribution (Box and Muller 1958) until a value lies within the range. */
const drawWithin = (mean: number, deviation: number, low: number, high: number, name: string): number => {
	for (let again = 0; again < 100; again += 1) {
		const [a, b] = [1 - shareOf(`${name} radius ${again}`), shareOf(`${name} angle ${again}`)];
		const value = mean + deviation * Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * b);
		if (value >= low && value <= high) {
			return value;
		}
	}

	return mean;
};
