import {type Chart, drawSvg} from '../../text/svg.js';
import {Html, html} from './html.js';

/** Sizes in the charts' own units. On a narrow screen a chart is shown smaller, and its text stays legible. */
const fontSize = 12.5;

const config = {
	axis: {labelFontSize: fontSize, titleFontSize: fontSize, labelLimit: 0, titlePadding: 9},
	legend: {disable: true},
} as const;

/** Draws a chart, with a label for those who don't see it. */
export const labelledSvg = async (label: string, chart: Chart): Promise<Html> => {
	const drawn = await drawSvg({...chart, config, padding: 2, autosize: {type: 'fit', contains: 'padding'}} as Chart);
	const marks = / (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")/g; // one label for the picture, none on each mark
	return new Html(drawn.replace(marks, '').replace('<svg ', html`<svg role="img" aria-label="${label}" `.text));
};

/** What marks mean: a sign of `style.ts` or a colour, and words. */
export type Key = {readonly sign: string; readonly colour?: string; readonly words: string};

/** The legend of one or more charts. */
export const legend = (keys: readonly Key[]): Html =>
	html`<ul class="legend">${keys.map(
		({sign, colour, words}) =>
			html`<li><span class="sign ${sign}"${colour !== undefined && html` style="color: ${colour}"`}></span>${words}</li>`,
	)}</ul>`;
