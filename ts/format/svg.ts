import {escapeControls} from './controls.js';
import {type Config, compile, parse, type TopLevelSpec, View} from './vega.js';

/** Colours that are distinct on white and on black, also with colour blindness (Okabe and Ito 2008). */
export const tones = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

/** Text and rules take the colour of the page around them. */
const config: Config = {
	background: 'transparent',
	font: 'system-ui, sans-serif',
	range: {category: [...tones]},
	view: {stroke: null},
	axis: {
		...{labelColor: 'currentColor', titleColor: 'currentColor', tickColor: 'currentColor', domainColor: 'currentColor'},
		...{gridColor: 'currentColor', gridOpacity: 0.15, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal'},
	},
	legend: {labelColor: 'currentColor', titleColor: 'currentColor', labelFontSize: 12, titleFontSize: 12, labelLimit: 0},
};

/** A Vega-Lite specification of a chart. */
export type Chart = TopLevelSpec;

/** Draws a chart as SVG. Vega is slow to load, so import this file lazily. */
export const drawSvg = async (chart: Chart): Promise<string> => {
	const view = new View(parse(compile(chart, {config}).spec), {renderer: 'none'});
	const drawn = await view.toSVG();
	view.finalize();
	return escapeControls(drawn); // XML can't have most of them
};
