import type {MeasuredRecord} from '../../claims/measured-record.js';
import {aimOf} from '../../experiment/goal.js';
import {percent} from '../../format/figures.js';
import {type Chart, tones} from '../../format/svg.js';
import type {PublishedResult} from '../../ladder/define-ladder.js';
import {labelledSvg, legend} from './figure.js';
import {type Html, html} from './html.js';

/** Height of a row, in pixels. */
const row = 34;

/** Draws a row per step: its seeds, their mean and interval, its target, and published results. */
export const accuracyByStep = async (
	steps: readonly MeasuredRecord[],
	published: readonly PublishedResult[],
): Promise<Html> => {
	const names = steps.map(({name}) => name);
	const others = published.filter(({name}) => !names.includes(name));
	const rows = [...new Set([...names, ...others.map(({name}) => name)])];
	const label = `Test accuracy by step. ${steps.map(({name, test}) => `${name}: ${percent(test.mean)} %`).join('. ')}.`;
	const draw = async (width: number): Promise<Html> =>
		labelledSvg(label, chart(rows, steps, published, width, row * rows.length + 50));
	return html`<figure class="by-step"><div class="for-wide">${await draw(860)}</div><div class="for-medium">${await draw(500)}</div><div class="for-narrow">${await draw(320)}</div>
${legend([
	{sign: 'dot', colour: tones[0], words: 'a seed: mean of its last five epochs'},
	{sign: 'mean', words: 'mean over seeds, with its 95 % interval'},
	{sign: 'tick', colour: tones[1], words: 'target for each of the last epochs'},
	...(published.length > 0 ? [{sign: 'diamond', colour: tones[3], words: 'published by others'}] : []),
])}${
	published.length > 0 &&
	html`<figcaption>${[...new Set(published.map(({source}) => source))].map(source => publishedNote(source, published, others))}
Best epochs look better than means of last epochs: they were chosen on the test images.</figcaption>`
}</figure>`;
};

/** Names the source of published results. Those without a recorded step get their size too, since no table row has it. */
const publishedNote = (source: string, all: readonly PublishedResult[], others: readonly PublishedResult[]): string => {
	const ofSource = all.filter(result => result.source === source);
	const sized = ofSource
		.filter(result => others.includes(result))
		.map(({name, parameters}) => `${name} with ${parameters.toLocaleString('en')} parameters`);
	const which = ofSource.length < all.length ? ` for ${ofSource.map(({name}) => name).join(', ')}` : '';
	return `Published by others${which}: ${source}${sized.length > 0 ? ` (${sized.join(', ')})` : ''}. `;
};

const chart = (
	rows: readonly string[],
	steps: readonly MeasuredRecord[],
	published: readonly PublishedResult[],
	width: number,
	height: number,
): Chart => {
	const seeds = steps.flatMap(({name, test}) => test.values.map(value => ({name, value: 100 * value})));
	const means = steps.map(({name, test: {mean}}) => ({name, value: 100 * mean}));
	const intervals = steps
		.filter(({seeds}) => seeds.length > 1)
		.map(({name, test: {low, high}}) => ({name, value: 100 * low, to: 100 * high}));
	const targets = steps.flatMap(({name, record}) => {
		const {metric, atLeast} = aimOf(record.preregistration.target);
		return metric === 'accuracy' ? [{name, value: 100 * atLeast}] : []; // the axis is accuracy
	});
	const results = published.map(({name, accuracy}) => ({name, value: 100 * accuracy}));
	const every = [...seeds, ...targets, ...results].map(({value}) => value);
	const [low, high] = [Math.min(...every), Math.max(...every)];
	const margin = Math.max(0.03 * (high - low), 0.01);

	return {
		...{width, height},
		encoding: {
			x: {
				...{field: 'value', type: 'quantitative', title: 'test accuracy, %'},
				scale: {domain: [low - margin, high + margin], zero: false, nice: false},
				axis: {tickCount: Math.round(width / 100)},
			},
			y: {
				field: 'name',
				type: 'nominal',
				title: null,
				scale: {domain: [...rows]},
				axis: {grid: true, ticks: false, labelPadding: 6},
			},
		},
		layer: [
			{
				data: {values: targets},
				mark: {type: 'tick', thickness: 3, size: 24, color: tones[1]},
			},
			{
				data: {values: intervals},
				mark: {type: 'rule', strokeWidth: 2, color: 'currentColor', clip: true},
				encoding: {x2: {field: 'to'}},
			},
			{
				data: {values: means},
				mark: {type: 'tick', thickness: 2, size: 14, color: 'currentColor'},
			},
			{
				data: {values: seeds},
				mark: {type: 'point', filled: true, size: 40, opacity: 0.65, color: tones[0], clip: true},
			},
			{
				data: {values: results},
				mark: {type: 'point', shape: 'diamond', size: 60, strokeWidth: 2, color: tones[3], yOffset: 9},
			},
		],
	};
};
