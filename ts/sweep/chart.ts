import type {SweepSummary} from '../claims/sweep-summary.js';
import {drawSvg} from '../format/svg.js';

/** Draws the difference of each trial from the unchanged step: a point per seed, the mean, and its 95 % interval. */
export const sweepChart = async ({trials, holdout}: SweepSummary): Promise<string> => {
	const compared = trials.flatMap(({name, difference, significant}) =>
		difference ? [{name, significant, ...difference.difference}] : [],
	);
	const points = compared.flatMap(({name, values}) => values.map(value => ({name, points: 100 * value})));
	const means = compared.map(({name, mean, low, high, significant}) => ({
		...{name, mean: 100 * mean, significant: significant ? 'significant' : 'not significant'},
		...(Number.isFinite(low) && {low: 100 * low, high: 100 * high}),
	}));
	const step = 26;
	const y = {
		...{field: 'name', type: 'nominal' as const, title: null, sort: trials.map(({name}) => name)},
		axis: {labelLimit: 380, ticks: false, domain: false}, // the table has what is cut off
	};
	const x = `points from the unchanged step, on ${holdout.toLocaleString('en')} held-out images`;
	const color = {
		...{field: 'significant', type: 'nominal' as const, title: null, legend: {orient: 'top' as const}},
		scale: {domain: ['significant', 'not significant'], range: ['#d55e00', '#0072b2']},
	};
	return drawSvg({
		...{width: 420, height: {step}, background: '#fff'}, // on a page of any colour
		encoding: {y},
		layer: [
			{
				data: {values: [{zero: 0}]},
				mark: {type: 'rule', strokeDash: [5, 4], color: 'currentColor'},
				encoding: {
					x: {field: 'zero', type: 'quantitative', title: x},
					y: {value: 0},
					y2: {value: step * trials.length},
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
