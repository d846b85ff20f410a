import {frontLine, sizeAxis} from '../format/size-chart.js';
import {type Chart, drawSvg} from '../format/svg.js';
import {type SettingEffect, settingEffects, sizeFront, wholeTrials} from './effects.js';
import {objectives} from './objective.js';
import type {SweepResult} from './result.js';
import {isWhole} from './varied.js';

/** Width of a chart's plot: with its axis it fits a page of 390 pixels. */
const width = 260;

/** Whether a sweep has enough trials for the chart. */
export const hasSearchChart = (found: SweepResult): boolean => settingEffects(found).length > 0;

/** Draws each varied setting against the objective, a point per trial and the means with their intervals, and parameters with the front. */
export const searchChart = async (found: SweepResult): Promise<string> => {
	const {scale, head} = objectives[found.record.plan.objective ?? 'accuracy'];
	const y = {
		...{type: 'quantitative' as const, title: head, scale: {zero: false}},
	};
	const panels = settingEffects(found).map(effect => settingPanel(effect, scale, y));
	const front = sizeFront(found);
	return drawSvg({vconcat: [...panels, ...(front.length > 0 ? [sizePanel(found, scale, y)] : [])]} as Chart);
};

type Axis = {readonly type: 'quantitative'; readonly title: string; readonly scale: {readonly zero: boolean}};

const settingPanel = ({path, points, groups, range}: SettingEffect, scale: number, y: Axis): unknown => {
	const isNumeric = range !== undefined;
	const x = isNumeric
		? {
				type: 'quantitative',
				title: path,
				scale: {...(range.log ? {type: 'log'} : {zero: false}), nice: false},
				axis: {...(isWhole(range) && {tickMinStep: 1, format: 'd'})},
			}
		: {type: 'nominal', title: path, sort: null, axis: {labelAngle: 0, labelLimit: 60}};
	const shown = points.map(({setting, value}) => ({
		...{x: isNumeric ? Number(setting) : asLabel(setting), y: scale * value},
	}));
	const means = groups.map(({label, spread: {mean, low, high, values}}) => {
		const [from, to] = label.split(' to ').map(Number);
		const centre = isNumeric && from !== undefined ? middle(from, to ?? from, range.log) : label;
		return {x: centre, y: scale * mean, ...(values.length > 1 && {low: scale * low, high: scale * high})};
	});
	return {
		...{width, height: 120},
		layer: [
			{
				data: {values: shown},
				mark: {type: 'point', filled: true, size: 16, opacity: 0.45, color: 'currentColor'},
				encoding: {x: {field: 'x', ...x}, y: {field: 'y', ...y}},
			},
			{
				data: {values: means.filter(mean => 'low' in mean)},
				mark: {type: 'rule', strokeWidth: 2, color: '#d55e00'},
				encoding: {x: {field: 'x', ...x}, y: {field: 'low', ...y}, y2: {field: 'high'}},
			},
			{
				data: {values: means},
				mark: {type: 'point', filled: true, size: 60, shape: 'diamond', color: '#d55e00'},
				encoding: {x: {field: 'x', ...x}, y: {field: 'y', ...y}},
			},
		],
	};
};

const middle = (from: number, to: number, log: boolean): number => (log ? Math.sqrt(from * to) : (from + to) / 2);

const asLabel = (setting: unknown): string =>
	typeof setting === 'string' ? setting : setting === null ? 'none' : JSON.stringify(setting);

const sizePanel = (found: SweepResult, scale: number, y: Axis): unknown => {
	const at = ({parameters, value}: {parameters: number; value: number}) => ({x: parameters, y: scale * value});
	const encoding = {x: sizeAxis, y: {field: 'y', ...y}};
	const front = sizeFront(found).map(at);
	return {
		...{width, height: 160},
		layer: [
			{
				data: {values: wholeTrials(found).map(at)},
				mark: {type: 'point', filled: true, size: 16, opacity: 0.45, color: 'currentColor'},
				encoding,
			},
			frontLine(front, encoding, '#0072b2'),
			{
				data: {values: front},
				mark: {type: 'point', filled: true, size: 50, color: '#0072b2'},
				encoding,
			},
		],
	};
};
