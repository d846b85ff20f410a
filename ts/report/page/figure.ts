import {type Chart, drawSvg, tones} from '../../format/svg.js';
import {Html, html} from './html.js';

/** In the chart's own units: large enough to stay legible where a narrow screen scales the chart down. */
const fontSize = 12.5;

const config = {
	axis: {labelFontSize: fontSize, titleFontSize: fontSize, labelLimit: 0, titlePadding: 9},
	legend: {disable: true},
} as const;

/** Draws a chart with a label for screen readers. */
export const labelledSvg = async (label: string, chart: Chart): Promise<Html> => {
	const drawn = await drawSvg({...chart, config, padding: 2, autosize: {type: 'fit', contains: 'padding'}} as Chart);
	const marks = / (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")/g; // one label for the picture, none on each mark
	return new Html(drawn.replace(marks, '').replace('<svg ', html`<svg role="img" aria-label="${label}" `.text));
};

/** The style of a line: a colour, and the lengths of dashes and gaps in pixels. */
export type LineStyle = {readonly colour: string; readonly dashes: readonly number[]};

/** Solid first: dashes are used when there are more lines than colours. */
const dashes = [[], [6, 3], [2, 2], [10, 3, 2, 3], [14, 4]] as const;

/** Line styles, all different; the first ones differ by colour only. */
export const lineStyles: readonly LineStyle[] = dashes.flatMap(dashes => tones.map(colour => ({colour, dashes})));

/** A legend entry: a sign of `style.ts` or a line style, and its meaning. */
export type Key = {readonly words: string} & (
	| {readonly sign: string; readonly colour?: string}
	| {readonly line: LineStyle}
);

/** Renders the legend of one or more charts. */
export const legend = (keys: readonly Key[]): Html =>
	html`<ul class="legend">${keys.map(key => html`<li>${'line' in key ? lineSign(key.line) : sign(key)}${key.words}</li>`)}</ul>`;

const sign = ({sign, colour}: {readonly sign: string; readonly colour?: string}): Html =>
	html`<span class="sign ${sign}"${colour !== undefined && html` style="color: ${colour}"`}></span>`;

const lineSign = ({colour, dashes}: LineStyle): Html => {
	let at = 0;
	const stops = dashes.map((length, index) => {
		const from = at;
		at += length;
		return `${index % 2 === 0 ? colour : 'transparent'} ${from}px ${at}px`;
	});
	const drawn = stops.length > 0 ? `repeating-linear-gradient(to right, ${stops.join(', ')})` : colour;
	return html`<span class="sign stroke" style="background: ${drawn}"></span>`;
};
