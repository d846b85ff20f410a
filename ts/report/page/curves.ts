import {aimOf, ofMetric} from '../../experiment/goal.js';
import {fixed, percent} from '../../format/figures.js';
import type {Chart} from '../../format/svg.js';
import {groupBy} from '../../statistics/group-by.js';
import type {GroupedRun, RunGroup} from '../run-groups.js';
import {type Key, labelledSvg, legend, lineStyles} from './figure.js';
import {type Html, html} from './html.js';

/** The seeds of one experiment, finished or not, as their curves are drawn. */
export type CurveGroup = Pick<RunGroup, 'name' | 'measured'> & {
	readonly target: RunGroup['target'] | undefined;
	readonly experiment: Pick<RunGroup['experiment'], 'epochs'>;
	readonly runs: readonly CurveRun[];
};

/** One seed of a group. */
export type CurveRun = Pick<GroupedRun, 'seed' | 'isFinished' | 'trainClean'> & {readonly epochs: readonly CurveRow[]};

/** An epoch of a run, with the figures that it has: trials of a sweep have none on test images, other runs may lack a validation set. */
export type CurveRow = Pick<Epoch, 'epoch'> &
	Partial<Epoch> & {readonly holdoutLoss?: number; readonly holdoutCorrect?: number; readonly holdoutTotal?: number};

type Epoch = GroupedRun['epochs'][number];

/** A value of a run after an epoch. */
type Point = {readonly run: string; readonly style: string; readonly epoch: number; readonly value: number};

/** A horizontal line; in the colour of a style, or that of the text. */
type Rule = {readonly value: number; readonly style?: string};

type Panel = {
	readonly title: string;
	/** Points that are joined by lines. */
	readonly points: readonly Point[];
	/** Points that are measured after the last epoch only. */
	readonly last?: readonly Point[];
	readonly rules?: readonly Rule[];
	readonly domain: readonly [number, number];
	/** Describes the last epoch of a group, as means over its seeds. */
	readonly words: (group: CurveGroup) => string;
};

/** Number of groups whose lines differ in one chart. */
export const mostDrawn = lineStyles.length;

/**
 * Draws learning curves as small charts: accuracies, their gap, losses and the learning rate. With one group, each seed
 * has its own line style; with several, each group has one for the mean of its seeds, with a band from the lowest to the highest
 * of them, and the seeds are drawn below, on demand.
 */
export const curves = async (groups: readonly CurveGroup[]): Promise<Html> => {
	const all = panels(groups);
	const drawn = await drawPanels(groups, all, groups.length > 1);
	const unfinished = groups.some(({runs}) => runs.some(({isFinished}) => !isFinished));
	const hasTraining = all.some(({last}) => last);
	const areMeans = groups.length > 1 && groups.some(({runs}) => runs.length > 1);
	return html`<figure>${legend(keys(groups, all))}<div class="panels">${drawn}</div>
<figcaption>By epoch${areMeans && ': means over seeds, those that have reached the epoch'}. ${
		hasTraining &&
		html`While learning, images are augmented and dropout is on, where the step has them. In evaluation mode they are not; this is
measured once, after the last epoch. The gap is training minus test accuracy. `
	}Values off a chart’s scale, such as the first epochs of a slow start, are cut off.${
		unfinished && ' An unfinished run is drawn up to its last epoch.'
	}</figcaption></figure>${
		areMeans &&
		html`<details><summary>Show each seed</summary><figure><div class="panels">${await drawPanels(groups, all, false)}</div></figure></details>`
	}`;
};

const drawPanels = async (
	groups: readonly CurveGroup[],
	all: readonly Panel[],
	asMeans: boolean,
): Promise<readonly Html[]> => {
	const names = groups.map(({name}) => name).join(' and ');
	const runs = groups.reduce((count, {runs}) => count + runs.length, 0);
	const epochs = Math.max(...groups.map(({experiment}) => experiment.epochs));
	return Promise.all(
		all.map(async panel => {
			const descriptions = groups.map(group => `${groups.length > 1 ? `${group.name}: ` : ''}${wordsOf(group, panel)}`);
			const label = `${names}: ${panel.title} by epoch, ${runs} ${runs === 1 ? 'seed' : 'seeds'}. ${descriptions.join('. ')}.`;
			return html`<div><p class="title">${panel.title}</p>${await labelledSvg(label, chart(panel, epochs, asMeans))}</div>`;
		}),
	);
};

const wordsOf = (group: CurveGroup, {words}: Panel): string => (group.measured ? words(group) : 'no run has finished');

/** Returns the line style of a run: by seed for a single group, else by group. */
const styleOf = (groups: readonly CurveGroup[], group: number, run: number): string =>
	String((groups.length > 1 ? group : run) % mostDrawn);

const keys = (groups: readonly CurveGroup[], all: readonly Panel[]): Key[] => {
	const [single] = groups;
	const lines = groups.length > 1 ? groups.map(({name}) => name) : (single?.runs ?? []).map(({seed}) => `seed ${seed}`);
	const aims = targetsOf(groups);
	return [
		...lines.flatMap((words, index) => {
			const line = lineStyles[index % mostDrawn];
			return line ? [{line, words}] : [];
		}),
		...(groups.length > 1 && groups.some(({runs}) => runs.length > 1)
			? [{sign: 'band', words: 'from the lowest to the highest seed'}]
			: []),
		...(aims.length > 1
			? [
					...aims.map(({value, style, names}) => ({
						...{sign: 'dashes', colour: lineStyles[Number(style)]?.colour ?? 'currentColor'},
						words: `target of ${names.join(', ')}: ${value.toFixed(2)} %`,
					})),
					{sign: 'dashes', words: 'no gap'},
				]
			: all.some(({rules}) => rules)
				? [{sign: 'dashes', words: aims.length === 1 ? 'target, or no gap' : 'no gap'}]
				: []),
		...(all.some(({last}) => last) ? [{sign: 'ring', words: 'training images in evaluation mode'}] : []),
	];
};

/** Returns the targets on accuracy, in percent: those of several groups each in the style of the first that has it. */
const targetsOf = (groups: readonly CurveGroup[]): Array<Required<Rule> & {readonly names: readonly string[]}> => {
	const aims = groups.flatMap(({name, target}, index) => {
		const {metric, atLeast} = target ? aimOf(target) : {metric: undefined, atLeast: 0};
		return metric === 'accuracy' ? [{name, value: 100 * atLeast, style: String(index % mostDrawn)}] : [];
	});
	return [...groupBy(aims, ({value}) => value)].map(([value, same]) => ({
		...{value, style: same[0]?.style ?? '0', names: same.map(({name}) => name)},
	}));
};

const panels = (groups: readonly CurveGroup[]): Panel[] => {
	const runs = groups.flatMap(({runs}, group) =>
		runs.map((run, index) => ({run, name: `${group} ${run.seed}`, style: styleOf(groups, group, index)})),
	);
	const of = (value: (row: CurveRow) => number | undefined): Point[] =>
		runs.flatMap(({run, name, style}) =>
			run.epochs.flatMap(row => {
				const found = value(row);
				return found === undefined ? [] : [{run: name, style, epoch: row.epoch, value: found}];
			}),
		);
	const atEnd = (value: (clean: number, row: CurveRow) => number | undefined): Point[] =>
		runs.flatMap(({run, name, style}) => {
			const last = run.epochs.at(-1);
			const clean = run.trainClean;
			const found = last && clean !== undefined ? value(clean, last) : undefined;
			return last && found !== undefined ? [{run: name, style, epoch: last.epoch, value: found}] : [];
		});
	const aims = targetsOf(groups);
	const targets = aims.length > 1 ? aims : aims.map(({value}) => ({value}));
	const tests = of(testOf);
	const trains = of(trainOf);
	const holdouts = of(({holdoutCorrect, holdoutTotal}) => percentOf(holdoutCorrect, holdoutTotal));
	const gaps = of(row => difference(trainOf(row), testOf(row)));
	const [testLoss, trainLoss, rates] = [of(row => row.testLoss), of(row => row.trainLoss), of(row => row.learningRate)];
	const holdoutLoss = of(row => row.holdoutLoss);
	const clean = atEnd(value => 100 * value);
	const gapAtEnd = atEnd((value, row) => difference(100 * value, testOf(row)));
	const isOne = groups.length === 1;
	// one scale for all accuracies, and one for all losses, so that they can be compared
	const reached = aims.map(({value}) => value);
	const accuracies = between([...most(isOne, [tests, trains, holdouts], 'high'), ...reached, ...values(clean)], 0.1);
	const losses = between([0, ...most(isOne, [testLoss, trainLoss, holdoutLoss], 'low')], 0.01, 0);
	const isNeverBelow = [...gaps, ...gapAtEnd].every(({value}) => value >= 0);
	const all: Panel[] = [
		{
			...{title: 'Validation accuracy, %', points: holdouts, domain: accuracies},
			words: group =>
				`Last epoch: ${percent(lastMean(group, row => (percentOf(row.holdoutCorrect, row.holdoutTotal) ?? 0) / 100))} %`,
		},
		{
			...{title: 'Test accuracy, %', points: tests, rules: targets, domain: accuracies},
			words({measured, target}) {
				const aim = target && aimOf(target);
				const asked = aim ? `; target: ${ofMetric(percent(aim.atLeast), aim.metric)}` : '';
				return `Mean of the last five epochs: ${percent(measured?.test.mean ?? 0)} %${asked}`;
			},
		},
		{
			...{title: 'Training accuracy, %', points: trains, last: clean, domain: accuracies},
			words: ({measured}) =>
				`Last epoch: ${percent(measured?.train.mean ?? 0)} % while learning, ${percent(measured?.trainClean.mean ?? 0)} % in evaluation mode`,
		},
		{
			...{title: 'Gap, points', points: gaps, last: gapAtEnd, rules: [{value: 0}]},
			domain: between([0, ...most(isOne, [gaps], 'high'), ...values(gapAtEnd)], 0.1, isNeverBelow ? 0 : undefined),
			words: ({measured}) => `Last epoch, in evaluation mode: ${fixed(100 * (measured?.gap.mean ?? 0), 2)} points`,
		},
		{
			...{title: 'Validation loss', points: holdoutLoss, domain: losses},
			words: group => lastLoss(group, row => row.holdoutLoss),
		},
		{
			...{title: 'Test loss', points: testLoss, domain: losses},
			words: group => lastLoss(group, row => row.testLoss),
		},
		{
			...{title: 'Training loss while learning', points: trainLoss, domain: losses},
			words: group => lastLoss(group, row => row.trainLoss),
		},
		{
			...{title: 'Learning rate', points: rates, domain: between([0, ...values(rates)], 1e-6, 0)},
			words: ({runs}) =>
				`Highest: ${Math.max(...runs.flatMap(({epochs}) => epochs.map(({learningRate = 0}) => learningRate)))}`,
		},
	];
	return all.filter(({points}) => points.length > 0);
};

const percentOf = (correct: number | undefined, total: number | undefined): number | undefined =>
	correct === undefined || total === undefined ? undefined : (100 * correct) / total;

const testOf = ({testCorrect, testTotal}: CurveRow): number | undefined => percentOf(testCorrect, testTotal);

const trainOf = ({trainCorrect, trainTotal}: CurveRow): number | undefined => percentOf(trainCorrect, trainTotal);

const difference = (a: number | undefined, b: number | undefined): number | undefined =>
	a === undefined || b === undefined ? undefined : a - b;

const lastLoss = (group: CurveGroup, value: (row: CurveRow) => number | undefined): string =>
	`Last epoch: ${fixed(lastMean(group, value), 3)}`;

const lastMean = ({runs}: CurveGroup, value: (row: CurveRow) => number | undefined): number => {
	const found = runs.flatMap(({isFinished, epochs}) =>
		isFinished ? epochs.slice(-1).map(row => value(row) ?? 0) : [],
	);
	return found.reduce((sum, value) => sum + value, 0) / found.length;
};

const values = (points: readonly Point[]): number[] => points.map(({value}) => value);

/**
 * Selects the values that a scale covers: of each run all from its best value on, since a loss that rises there is what a reader looks
 * for, and of those before it all but the worst, since the first epochs of a slow start would compress the rest. For one group a tenth
 * of the epochs may be dropped, for several a quarter, so that the last epochs of a poor run show.
 */
const most = (isOne: boolean, kinds: ReadonlyArray<readonly Point[]>, good: 'high' | 'low'): number[] =>
	kinds.flatMap(points =>
		[...groupBy(points, ({run}) => run).values()].flatMap(own => {
			const all = values(own);
			const best = all.indexOf(good === 'high' ? Math.max(...all) : Math.min(...all));
			const share = isOne ? 10 : 4;
			const dropped = all.length < 5 ? 0 : Math.ceil(all.length / share);
			const early = all.slice(0, best).toSorted((a, b) => (good === 'high' ? a - b : b - a));
			return [...early.slice(dropped), ...all.slice(best)];
		}),
	);

/**
 * Returns a domain from the lowest to the highest value with a margin, at least `least` wide.
 *
 * @param floor where the domain begins instead
 */
const between = (all: readonly number[], least: number, floor?: number): [number, number] => {
	const [low, high] = [Math.min(...all), Math.max(...all)];
	const margin = Math.max(0.05 * (high - low), least / 2);
	return [floor ?? low - margin, high + margin];
};

/** The mean, lowest and highest value of a style's runs after an epoch. */
type Mean = Omit<Point, 'run'> & {readonly low: number; readonly high: number};

const meansOf = (points: readonly Point[]): Mean[] =>
	[...groupBy(points, ({style, epoch}) => `${style} ${epoch}`).values()].flatMap(same => {
		const [first] = same;
		const all = values(same);
		const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
		return first ? [{...first, value: mean, low: Math.min(...all), high: Math.max(...all)}] : [];
	});

const chart = ({points, last = [], rules = [], domain}: Panel, epochs: number, asMeans: boolean): Chart => {
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
	const strokeDash = byStyle(lineStyles.map(({dashes}) => dashes));
	const x = {
		...({field: 'epoch', type: 'quantitative', title: 'epoch'} as const),
		scale: {domain: [0.5, epochs + 0.5], nice: false, zero: false},
		axis: {tickMinStep: 1, tickCount: 5, grid: false, format: 'd'},
	};
	const rule = {type: 'rule', strokeDash: [5, 4], clip: true} as const;
	const means = asMeans ? meansOf(points) : [];
	const bands = means.filter(({low, high}) => low < high);
	return {
		...{width: 320, height: 190},
		layer: [
			{
				data: {values: rules.filter(({style}) => style === undefined)},
				mark: {...rule, color: 'currentColor'},
				encoding: {y},
			},
			{
				data: {values: rules.filter(({style}) => style !== undefined)},
				mark: rule,
				encoding: {y, color},
			},
			{
				data: {values: bands},
				mark: {type: 'area', clip: true, opacity: 0.2},
				encoding: {x, y: {...y, field: 'low'}, y2: {field: 'high'}, color},
			},
			{
				data: {values: asMeans ? means : [...points]},
				mark: {type: 'line', clip: true, strokeWidth: 1.6, opacity: !asMeans && lines > 12 ? 0.75 : 1},
				encoding: {x, y, color, strokeDash, detail: {field: asMeans ? 'style' : 'run'}},
			},
			{
				data: {values: asMeans ? meansOf(last) : [...last]},
				mark: {type: 'point', size: 45, strokeWidth: 1.8},
				encoding: {x, y, color},
			},
		],
	} as Chart;
};
