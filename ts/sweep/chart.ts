import {drawSvg} from '../format/svg.js';
import {labelsOf} from './labels.js';
import {objectives} from './objective.js';
import type {SweepResult} from './result.js';

/** Draws the difference of each trial from the unchanged step: a point per seed, the mean, and its 95 % interval. */
export const sweepChart = async (found: SweepResult): Promise<string> => {
	const {trials, holdout, search, finalists} = found;
	const {scale} = objectives[found.record.plan.objective ?? 'accuracy'];
	const labels = labelsOf(search.trials).slice(1);
	const shown = finalists ?? trials.map((_, index) => index);
	const compared = shown.flatMap(index => {
		const {difference, significant = false} = trials[index] ?? {};
		return difference ? [{name: labels[index] ?? '', significant, ...difference.difference}] : [];
	});
	const points = compared.flatMap(({name, values}) => values.map(value => ({name, points: scale * value})));
	const means = compared.map(({name, mean, low, high, significant}) => ({
		...{name, mean: scale * mean, significant: significant ? 'significant' : 'not significant'},
		...(Number.isFinite(low) && {low: scale * low, high: scale * high}),
	}));
	const step = 44;
	const y = {
		...{field: 'name', type: 'nominal' as const, title: null, sort: null},
		scale: {domain: shown.map(index => labels[index] ?? '')}, // a `sort` by a list of hundreds overflows Vega's stack
		// above its row, in the plot: beside it, labels would leave no room on a narrow screen
		axis: {
			...{labelLimit: 340, labelAlign: 'left' as const, labelBaseline: 'bottom' as const, labelPadding: -4},
			labelOffset: -9,
			ticks: false,
			domain: false,
		},
	};
	const unit = scale === 1 ? 'difference' : 'points';
	const x = [`${unit} from the unchanged step,`, `on ${holdout.toLocaleString('en')} held-out images`]; // narrow screens
	const color = {
		...{field: 'significant', type: 'nominal' as const, title: null, legend: {orient: 'top' as const}},
		scale: {domain: ['significant', 'not significant'], range: ['#d55e00', '#0072b2']},
	};
	return drawSvg({
		...{width: 340, height: {step}, background: '#fff'}, // on a page of any colour
		encoding: {y},
		layer: [
			{
				data: {values: [{zero: 0}]},
				mark: {type: 'rule', strokeDash: [5, 4], color: 'currentColor'},
				encoding: {
					x: {field: 'zero', type: 'quantitative', title: x},
					y: {value: 0},
					y2: {value: step * shown.length},
				},
			},
			{
				data: {values: means.filter(mean => 'low' in mean)},
				mark: {type: 'rule', strokeWidth: 2},
				encoding: {x: {field: 'low', type: 'quantitative'}, x2: {field: 'high'}, color},
			},
			{
				data: {values: points},
				mark: {type: 'point', filled: true, size: 22, opacity: 0.7, color: 'currentColor'},
				encoding: {x: {field: 'points', type: 'quantitative'}},
			},
			{
				data: {values: means},
				mark: {type: 'tick', thickness: 3, size: 18},
				encoding: {x: {field: 'mean', type: 'quantitative'}, color},
			},
		],
	});
};
