import {aimOf, ofMetric} from '../../experiment/goal.js';
import {fixed, percent} from '../../format/figures.js';
import type {Chart} from '../../format/svg.js';
import type {GroupedRun, RunGroup} from '../run-groups.js';
import {type Key, labelledSvg, legend, lineStyles} from './figure.js';
import {type Html, html} from './html.js';

/** A value of a run after an epoch. */
type Point = {readonly run: string; readonly style: string; readonly epoch: number; readonly value: number};

type Panel = {
	readonly title: string;
	/** Points that are joined by lines. */
	readonly points: readonly Point[];
	/** Points that are measured after the last epoch only. */
	readonly last?: readonly Point[];
	/** Values of horizontal lines. */
	readonly rules?: readonly number[];
	readonly domain: readonly [number, number];
	/** Describes the last epoch of a group, as means over its seeds. */
	readonly words: (group: RunGroup) => string;
};

/** Number of groups whose lines differ in one chart. */
export const mostDrawn = lineStyles.length;

/**
 * Draws learning curves as small charts: accuracies, their gap, losses and the learning rate. With one group, each seed
 * has its own line style; with several, each group has one.
 */
export const curves = async (groups: readonly RunGroup[]): Promise<Html> => {
	const names = groups.map(({name}) => name).join(' and ');
	const runs = groups.reduce((count, {runs}) => count + runs.length, 0);
	const epochs = Math.max(...groups.map(({experiment}) => experiment.epochs));
	const drawn = await Promise.all(
		panels(groups).map(async panel => {
			const descriptions = groups.map(group => `${groups.length > 1 ? `${group.name}: ` : ''}${wordsOf(group, panel)}`);
			const label = `${names}: ${panel.title} by epoch, ${runs} ${runs === 1 ? 'seed' : 'seeds'}. ${descriptions.join('. ')}.`;
			return html`<div><p class="title">${panel.title}</p>${await labelledSvg(label, chart(panel, epochs))}</div>`;
		}),
	);
	const unfinished = groups.some(({runs}) => runs.some(({isFinished}) => !isFinished));
	return html`<figure>${legend(keys(groups))}<div class="panels">${drawn}</div>
<figcaption>By epoch. While learning, images are augmented and dropout is on, where the step has them. In evaluation mode
they are not; this is measured once, after the last epoch. The gap is training minus test accuracy. Values off
a chart’s scale, such as the first epochs of a slow start, are cut off.${
		unfinished && ' An unfinished run is drawn up to its last epoch.'
	}</figcaption></figure>`;
};

const wordsOf = (group: RunGroup, {words}: Panel): string => (group.measured ? words(group) : 'no run has finished');

/** Returns the line style of a run: by seed for a single group, else by group. */
const styleOf = (groups: readonly RunGroup[], group: number, run: number): string =>
	String((groups.length > 1 ? group : run) % mostDrawn);

const keys = (groups: readonly RunGroup[]): Key[] => {
	const [single] = groups;
	const lines = groups.length > 1 ? groups.map(({name}) => name) : (single?.runs ?? []).map(({seed}) => `seed ${seed}`);
	return [
		...lines.flatMap((words, index) => {
			const line = lineStyles[index % mostDrawn];
			return line ? [{line, words}] : [];
		}),
		{sign: 'dashes', words: 'target, or no gap'},
		{sign: 'ring', words: 'training images in evaluation mode'},
	];
};

const panels = (groups: readonly RunGroup[]): Panel[] => {
	const runs = groups.flatMap(({runs}, group) =>
		runs.map((run, index) => ({run, name: `${group} ${run.seed}`, style: styleOf(groups, group, index)})),
	);
	const of = (value: (row: GroupedRun['epochs'][number]) => number): Point[] =>
		runs.flatMap(({run, name, style}) =>
			run.epochs.map(row => ({run: name, style, epoch: row.epoch, value: value(row)})),
		);
	const atEnd = (value: (clean: number, row: GroupedRun['epochs'][number]) => number): Point[] =>
		runs.flatMap(({run, name, style}) => {
			const last = run.epochs.at(-1);
			const clean = run.trainClean;
			return last && clean !== undefined ? [{run: name, style, epoch: last.epoch, value: value(clean, last)}] : [];
		});
	const aims = groups.map(({target}) => aimOf(target));
	const targets = [...new Set(aims.flatMap(({metric, atLeast}) => (metric === 'accuracy' ? [100 * atLeast] : [])))];
	const tests = of(({testCorrect, testTotal}) => (100 * testCorrect) / testTotal);
	const trains = of(({trainCorrect, trainTotal}) => (100 * trainCorrect) / trainTotal);
	const gaps = of(row => 100 * (row.trainCorrect / row.trainTotal - row.testCorrect / row.testTotal));
	const [testLoss, trainLoss, rates] = [of(row => row.testLoss), of(row => row.trainLoss), of(row => row.learningRate)];
	const clean = atEnd(value => 100 * value);
	const gapAtEnd = atEnd((value, {testCorrect, testTotal}) => 100 * (value - testCorrect / testTotal));
	// one scale for both charts, so that they can be compared
	const accuracies = between([...most(groups, [tests, trains], 'high'), ...targets, ...values(clean)], 0.1);
	const losses = between([0, ...most(groups, [testLoss, trainLoss], 'low')], 0.01);
	return [
		{
			...{title: 'Test accuracy, %', points: tests, rules: targets, domain: accuracies},
			words({measured, target}) {
				const {metric, atLeast} = aimOf(target);
				return `Mean of the last five epochs: ${percent(measured?.test.mean ?? 0)} %; target: ${ofMetric(percent(atLeast), metric)}`;
			},
		},
		{
			...{title: 'Training accuracy, %', points: trains, last: clean, domain: accuracies},
			words: ({measured}) =>
				`Last epoch: ${percent(measured?.train.mean ?? 0)} % while learning, ${percent(measured?.trainClean.mean ?? 0)} % in evaluation mode`,
		},
		{
			...{title: 'Gap, points', points: gaps, last: gapAtEnd, rules: [0]},
			domain: between([0, ...most(groups, [gaps], 'high'), ...values(gapAtEnd)], 0.1),
			words: ({measured}) => `Last epoch, in evaluation mode: ${fixed(100 * (measured?.gap.mean ?? 0), 2)} points`,
		},
		{
			...{title: 'Test loss', points: testLoss, domain: losses},
			words: group =>
				`Last epoch: ${fixed(
					lastMean(group, row => row.testLoss),
					3,
				)}`,
		},
		{
			...{title: 'Training loss while learning', points: trainLoss, domain: losses},
			words: group =>
				`Last epoch: ${fixed(
					lastMean(group, row => row.trainLoss),
					3,
				)}`,
		},
		{
			...{title: 'Learning rate', points: rates, domain: between([0, ...values(rates)], 1e-6)},
			words: ({runs}) =>
				`Highest: ${Math.max(...runs.flatMap(({epochs}) => epochs.map(({learningRate}) => learningRate)))}`,
		},
	];
};

const lastMean = ({runs}: RunGroup, value: (row: GroupedRun['epochs'][number]) => number): number => {
	const found = runs.flatMap(({isFinished, epochs}) => (isFinished ? epochs.slice(-1).map(value) : []));
	return found.reduce((sum, value) => sum + value, 0) / found.length;
};

const values = (points: readonly Point[]): number[] => points.map(({value}) => value);

/**
 * Selects the values that a scale covers. For one group, all but the worst tenth, since the first epochs of a slow start
 * would compress the rest; for several, the best three quarters of each run, so that the last epochs of a poor run show.
 */
const most = (groups: readonly RunGroup[], kinds: ReadonlyArray<readonly Point[]>, good: 'high' | 'low'): number[] => {
	const best = (points: readonly Point[], dropped: number): number[] =>
		values(points)
			.toSorted((a, b) => (good === 'high' ? a - b : b - a))
			.slice(dropped);
	if (groups.length === 1) {
		const all = kinds.flat();
		return best(all, Math.floor(all.length / 10));
	}

	return kinds.flatMap(points =>
		[...new Set(points.map(({run}) => run))].flatMap(run => {
			const own = points.filter(point => point.run === run);
			return best(own, Math.min(own.length - 1, Math.ceil(own.length / 4)));
		}),
	);
};

/** Returns a domain from the lowest to the highest value with a margin, at least `least` wide. */
const between = (all: readonly number[], least: number): [number, number] => {
	const [low, high] = [Math.min(...all), Math.max(...all)];
	const margin = Math.max(0.05 * (high - low), least / 2);
	return [low === 0 ? 0 : low - margin, high + margin];
};

const chart = ({points, last = [], rules = [], domain}: Panel, epochs: number): Chart => {
	const lines = new Set(points.map(({run}) => run)).size;
	const y = {
		...({field: 'value', type: 'quantitative', title: null} as const),
		scale: {domain: [...domain], zero: false, nice: false},
		axis: {tickCount: 4, minExtent: 44},
	};
	const styles = lineStyles.map((_, index) => String(index));
	const byStyle = <Value>(range: readonly Value[]) => ({
		...({field: 'style', type: 'nominal', scale: {domain: styles, range: [...range]}} as const),
	});
	const color = byStyle(lineStyles.map(({colour}) => colour));
	const x = {
		...({field: 'epoch', type: 'quantitative', title: 'epoch'} as const),
		scale: {domain: [0.5, epochs + 0.5], nice: false, zero: false},
		axis: {tickMinStep: 1, tickCount: 5, grid: false, format: 'd'},
	};
	return {
		...{width: 320, height: 190},
		layer: [
			{
				data: {values: rules.map(value => ({value}))},
				mark: {type: 'rule', strokeDash: [5, 4], color: 'currentColor', clip: true},
				encoding: {y},
			},
			{
				data: {values: [...points]},
				mark: {type: 'line', clip: true, strokeWidth: 1.6, opacity: lines > 12 ? 0.75 : 1},
				encoding: {x, y, color, strokeDash: byStyle(lineStyles.map(({dashes}) => dashes)), detail: {field: 'run'}},
			},
			{
				data: {values: [...last]},
				mark: {type: 'point', size: 45, strokeWidth: 1.8},
				encoding: {x, y, color},
			},
		],
	} as Chart;
};
