import {percent} from '../../format/figures.js';
import {frontLine, sizeAxis} from '../../format/size-chart.js';
import {type Chart, tones} from '../../format/svg.js';
import type {Frontier, FrontierGoal} from '../frontier.js';
import {type Key, labelledSvg, legend} from './figure.js';
import {type Html, html} from './html.js';

/** The mark of a ladder: no two of the first thirty are alike. */
const shapes = [
	{shape: 'circle', sign: 'dot'},
	{shape: 'square', sign: 'box'},
	{shape: 'triangle-up', sign: 'triangle'},
	{shape: 'cross', sign: 'plus'},
	{shape: 'triangle-down', sign: 'triangle-down'},
] as const;

const markOf = (ladder: number) => ({
	...(shapes[ladder % shapes.length] ?? shapes[0]),
	colour: tones[ladder % tones.length] ?? tones[0],
});

/** Draws accuracy against parameters: a point per recorded step with its interval, the front through their means, goals, and results of others. */
export const frontierChart = async (frontier: Frontier): Promise<Html> => {
	const label = labelOf(frontier);
	const draw = async (width: number, height: number): Promise<Html> =>
		labelledSvg(label, chart(frontier, width, height));
	return html`<figure class="by-step"><div class="for-wide">${await draw(860, 460)}</div><div class="for-medium">${await draw(500, 360)}</div><div class="for-narrow">${await draw(320, 300)}</div>
${legend(keys(frontier))}</figure>`;
};

const labelOf = ({name, points}: Frontier): string => {
	const front = points
		.filter(({isFront}) => isFront)
		.map(
			({ladder, recorded: {name: step, parameters, test}}) =>
				`${step} of ${ladder}, ${parameters.toLocaleString('en')} parameters: ${percent(test.mean)} %`,
		);
	return `Test accuracy on ${name} against parameters, ${points.length} recorded ${points.length === 1 ? 'step' : 'steps'}. The front: ${front.join('; ')}.`;
};

const keys = ({ladders, points, goals, published}: Frontier): Key[] => [
	...ladders.map(({name, index}) => {
		const {sign, colour} = markOf(index);
		return {sign, colour, words: name};
	}),
	...(points.some(({recorded}) => recorded.seeds.length > 1)
		? [{sign: 'tick', words: '95 % interval over seeds'}]
		: []),
	{sign: 'stroke', words: 'front: the best with so many parameters or fewer'},
	...goals.map(({kind, value, ladders: aiming}) => ({
		...{sign: 'dashes', colour: colourOf(aiming)},
		words: `goal of ${aiming.map(({name}) => name).join(' and of ')}: ${
			kind === 'accuracy' ? `${percent(value)} %` : `at most ${value.toLocaleString('en')} parameters`
		}`,
	})),
	...(published.length > 0 ? [{sign: 'diamond', words: 'published by others'}] : []),
];

/** A goal has the colour of the first ladder that has it. */
const colourOf = ([first]: FrontierGoal['ladders']): string => (first ? markOf(first.index).colour : 'currentColor');

const chart = ({points, goals, published}: Frontier, width: number, height: number): Chart => {
	const steps = points.map(({index, isFront, recorded: {parameters, seeds, test}}) => ({
		...{x: parameters, y: 100 * test.mean, ladder: String(index), isFront},
		...(seeds.length > 1 && {low: 100 * test.low, high: 100 * test.high}),
	}));
	const others = published.map(({parameters, accuracy}) => ({x: parameters, y: 100 * accuracy}));
	const lines = goals.map(({kind, value, ladders}): {x?: number; y?: number; colour: string} => ({
		...(kind === 'accuracy' ? {y: 100 * value} : {x: value}),
		colour: colourOf(ladders),
	}));
	const marks: ReadonlyArray<{readonly x?: number; readonly y?: number}> = [...steps, ...others, ...lines];
	const y = {
		...({field: 'y', type: 'quantitative', title: 'test accuracy, %'} as const),
		scale: {domain: accuracyDomain(marks.flatMap(({y}) => y ?? [])), nice: false, zero: false},
		axis: {tickCount: Math.round(height / 60)},
	};
	const sizes = sizeDomain(marks.flatMap(({x}) => x ?? []));
	const x = {
		...sizeAxis,
		scale: {...sizeAxis.scale, domain: sizes},
		axis: {tickCount: Math.round(width / 80), format: '~s'},
	};
	const front = steps.filter(({isFront}) => isFront);
	const throughEdge = [...front, ...front.slice(-1).map(({y}) => ({x: sizes[1], y}))]; // its last step is the best of all larger budgets
	const ladders = [...new Set(steps.map(({ladder}) => ladder))];
	const byLadder = (mark: 'shape' | 'colour') => ({
		...({field: 'ladder', type: 'nominal'} as const),
		scale: {domain: ladders, range: ladders.map(ladder => markOf(Number(ladder))[mark])},
	});
	const color = {field: 'colour', type: 'nominal', scale: null} as const;
	const rule = {type: 'rule', strokeDash: [5, 4], strokeWidth: 1.5} as const;
	return {
		...{width, height},
		layer: [
			{data: {values: lines.filter(line => 'y' in line)}, mark: rule, encoding: {y, color}},
			{data: {values: lines.filter(line => 'x' in line)}, mark: rule, encoding: {x, color}},
			frontLine(throughEdge, {x, y}, 'currentColor'),
			{
				data: {values: steps.filter(step => 'low' in step)},
				mark: {type: 'rule', strokeWidth: 2, clip: true},
				encoding: {x, y: {...y, field: 'low'}, y2: {field: 'high'}, color: byLadder('colour')},
			},
			{
				data: {values: others},
				mark: {type: 'point', shape: 'diamond', filled: false, size: 60, strokeWidth: 2, color: 'currentColor'},
				encoding: {x, y},
			},
			{
				data: {values: steps},
				mark: {type: 'point', filled: true, size: 75, opacity: 1},
				encoding: {x, y, color: byLadder('colour'), shape: byLadder('shape')},
			},
		],
	} as Chart;
};

/** Means, results and goals are on the scale; an interval that is wider is cut off. */
const accuracyDomain = (values: readonly number[]): [number, number] => {
	const [low, high] = [Math.min(...values), Math.max(...values)];
	const margin = Math.max(0.05 * (high - low), 0.05);
	return [low - margin, high + margin];
};

const sizeDomain = (values: readonly number[]): [number, number] => {
	const [low, high] = [Math.min(...values), Math.max(...values)];
	const margin = Math.max((high / low) ** 0.04, 1.1);
	return [low / margin, high * margin];
};
