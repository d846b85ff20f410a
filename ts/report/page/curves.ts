import type {Recorded} from '../../terms/recorded.js';
import {percent} from '../../text/percent.js';
import {fixed} from '../../text/points.js';
import {type Chart, tones} from '../../text/svg.js';
import {type Key, labelledSvg, legend} from './figure.js';
import {type Html, html} from './html.js';

/** A seed's value after an epoch. */
type Point = {readonly seed: string; readonly epoch: number; readonly value: number};

type Panel = {
	readonly title: string;
	/** Lines. */
	readonly points: readonly Point[];
	/** Known after the last epoch alone. */
	readonly last?: readonly Point[];
	/** Lines across. */
	readonly rules?: readonly number[];
	readonly domain: readonly [number, number];
	/** What the last epoch comes to, in the mean over seeds. */
	readonly words: string;
};

/** How a step's seeds learned, as small charts of one size: accuracies, the gap between them, losses and the rate. */
export const curves = async (recorded: Recorded): Promise<Html> => {
	const {name, seeds} = recorded;
	const drawn = await Promise.all(
		panels(recorded).map(async panel => {
			const label = `${name}: ${panel.title} by epoch, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}. ${panel.words}.`;
			return html`<div><p class="title">${panel.title}</p>${await labelledSvg(label, chart(panel, recorded))}</div>`;
		}),
	);
	return html`<figure>${legend(keys(seeds))}<div class="panels">${drawn}</div>
<figcaption>By epoch. While learning, images are augmented and dropout is on, where the step has them. In evaluation mode
they are not; this is measured once, after the last epoch. The gap is training less test accuracy. What lies outside a
chart, such as the first epochs of a slow start, is left out.</figcaption></figure>`;
};

/** So many seeds can be told by their colours. */
const told = tones.length;

const keys = (seeds: readonly number[]): Key[] => [
	...(seeds.length > told
		? [{sign: 'line', colour: tones[0], words: `a line a seed, ${seeds.length} seeds`}]
		: seeds.map((seed, index) => ({sign: 'line', colour: tones[index] ?? '', words: `seed ${seed}`}))),
	{sign: 'dashes', words: 'target, or no gap'},
	{sign: 'ring', words: 'training images in evaluation mode'},
];

const panels = (recorded: Recorded): Panel[] => {
	const {record, test, train, trainClean, gap} = recorded;
	const {testAccuracy} = record.promise.target;
	const of = (value: (row: Recorded['record']['epochs'][number]) => number): Point[] =>
		record.epochs.map(row => ({seed: String(row.seed), epoch: row.epoch, value: value(row)}));
	const atEnd = ({bySeed}: Recorded['gap']): Point[] =>
		[...bySeed].map(([seed, value]) => ({seed: String(seed), epoch: recorded.epochs, value: 100 * value}));
	const tests = of(({testCorrect, testTotal}) => (100 * testCorrect) / testTotal);
	const trains = of(({trainCorrect, trainTotal}) => (100 * trainCorrect) / trainTotal);
	const gaps = of(row => 100 * (row.trainCorrect / row.trainTotal - row.testCorrect / row.testTotal));
	const [testLoss, trainLoss, rates] = [of(row => row.testLoss), of(row => row.trainLoss), of(row => row.learningRate)];
	const [clean, gapAtEnd] = [atEnd(trainClean), atEnd(gap)];
	// one scale for both, so that they can be held against each other
	const accuracies = between([...most([...tests, ...trains], 'high'), 100 * testAccuracy, ...values(clean)], 0.1);
	const losses = between([0, ...most([...testLoss, ...trainLoss], 'low')], 0.01);
	return [
		{
			...{title: 'Test accuracy, %', points: tests, rules: [100 * testAccuracy], domain: accuracies},
			words: `Mean of the last five epochs: ${percent(test.mean)} %; target: ${percent(testAccuracy)} %`,
		},
		{
			...{title: 'Training accuracy, %', points: trains, last: clean, domain: accuracies},
			words: `Last epoch: ${percent(train.mean)} % while learning, ${percent(trainClean.mean)} % in evaluation mode`,
		},
		{
			...{title: 'Gap, points', points: gaps, last: gapAtEnd, rules: [0]},
			domain: between([0, ...most(gaps, 'high'), ...values(gapAtEnd)], 0.1),
			words: `Last epoch, in evaluation mode: ${fixed(100 * gap.mean, 2)} points`,
		},
		{
			...{title: 'Test loss', points: testLoss, domain: losses},
			words: `Last epoch: ${fixed(lastMean(testLoss, recorded.epochs), 3)}`,
		},
		{
			...{title: 'Training loss while learning', points: trainLoss, domain: losses},
			words: `Last epoch: ${fixed(lastMean(trainLoss, recorded.epochs), 3)}`,
		},
		{
			...{title: 'Learning rate', points: rates, domain: between([0, ...values(rates)], 1e-6)},
			words: `Highest: ${Math.max(...values(rates))}`,
		},
	];
};

const values = (points: readonly Point[]): number[] => points.map(({value}) => value);

const lastMean = (points: readonly Point[], last: number): number => {
	const found = values(points.filter(({epoch}) => epoch === last));
	return found.reduce((sum, value) => sum + value, 0) / found.length;
};

/** All but the worst tenth: the first epochs of a slow start would press the others together. */
const most = (points: readonly Point[], good: 'high' | 'low'): number[] => {
	const sorted = values(points).toSorted((a, b) => (good === 'high' ? a - b : b - a));
	return sorted.slice(Math.floor(sorted.length / 10));
};

/** From the lowest to the highest with a little room, and at least so wide. */
const between = (all: readonly number[], least: number): [number, number] => {
	const [low, high] = [Math.min(...all), Math.max(...all)];
	const room = Math.max(0.05 * (high - low), least / 2);
	return [low === 0 ? 0 : low - room, high + room];
};

const chart = ({points, last = [], rules = [], domain}: Panel, {seeds, epochs}: Recorded): Chart => {
	const many = seeds.length > told;
	const y = {
		...({field: 'value', type: 'quantitative', title: null} as const),
		scale: {domain: [...domain], zero: false, nice: false},
		axis: {tickCount: 4, minExtent: 44},
	};
	const colour = many
		? {value: tones[0]}
		: {field: 'seed', type: 'nominal' as const, scale: {domain: seeds.map(String), range: [...tones]}};
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
				mark: {type: 'line', clip: true, strokeWidth: 1.6, opacity: many ? 0.5 : 1},
				encoding: {x, y, color: colour},
			},
			{
				data: {values: [...last]},
				mark: {type: 'point', size: 45, strokeWidth: 1.8},
				encoding: {x, y, color: colour},
			},
		],
	} as Chart;
};
