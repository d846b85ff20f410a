import {type Measure, measures} from '../../experiment/measures.js';
import {probability} from '../../format/figures.js';
import type {Changes} from '../changes.js';
import {type Comparison, differenceCells, meanCells, shortNames, significanceSentence} from '../comparison.js';
import {Html, html} from './html.js';
import {style} from './style.js';

/** What every page begins with, and what stands on it. */
type Page = {
	readonly title: string;
	readonly headline: string;
	readonly main: Html;
	/** Further rules of style, such as images. */
	readonly rules?: string;
};

/** A page that needs nothing beside itself: no script, no request. */
export const pageOf = ({title, headline, main, rules = ''}: Page): string =>
	html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(style + rules)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="headline">${prose(headline)}</p>
</header>
<main>
${main}
</main>
</body>
</html>
`.text;

export const toTop = html`<p class="to-top"><a href="#">Back to the top</a></p>`;

/** Names between backticks are set as code. */
export const prose = (text: string): Html[] =>
	text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

/** Settings before and after, and layers side by side. */
export const changed = (step: string, {settings, layers}: Changes): Html =>
	html`${
		settings.length > 0 &&
		html`<ul class="changes">${settings.map(
			({setting, before, after}) => html`<li><strong>${setting}</strong> ${before} -> ${after}</li>`,
		)}</ul>`
	}${
		layers.length > 0 &&
		html`<div class="wide" role="group" tabindex="0" aria-label="${step}: layers before and after"><table class="layers">
<thead><tr><th>Layers before</th><th>after</th><th>changed</th></tr></thead>
<tbody>${layers.map(
			({before, after, changed}) =>
				html`<tr${changed && html` class="changed"`}><td>${before}</td><td>${after}</td><td>${changed && 'yes'}</td></tr>`,
		)}</tbody>
</table></div>`
	}`;

/** A comparison’s figures. */
export const comparedTable = ({a, b, seeds, measures: rows}: Comparison): Html => {
	const [shortA, shortB] = shortNames({a, b});
	return html`${shortA !== a && html`<p class="quiet">A is ${a}, B is ${b}.</p>`}
${table(
	`${a} against ${b}, over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
	['Measure', `${shortA}, %`, `${shortB}, %`, 'difference', '95 % interval', 'told apart', 'seeds to tell'],
	rows.map(row => [
		...[measures[row.measure], ...meanCells(row), ...differenceCells(row)],
		row.significant ? 'yes' : 'no',
		row.significant ? '' : (row.seedsNeeded ?? '-'),
	]),
)}`;
};

/**
 * What its columns mean.
 *
 * @param count how many comparisons are corrected together
 */
export const significanceNote = (primary: Measure, count?: number): Html =>
	html`<p class="quiet">${significanceSentence(primary, count)} The last column is how many seeds would detect a difference this large in four of five
tries. Differences are taken before rounding.</p>`;

/** What the two make of the test images, where that is known. */
export const comparedImages = ({a, b, images}: Comparison): Html | undefined => {
	if (images.length === 0) {
		return undefined;
	}

	const [onlyA, onlyB] = (['onlyFirst', 'onlySecond'] as const).map(
		side => images.reduce((sum, image) => sum + image[side], 0) / images.length,
	);
	const worst = Math.max(...images.map(({pValue}) => pValue));
	const [shortA, shortB] = shortNames({a, b});
	return html`<p class="quiet">Of the test images, ${shortA} alone gets ${onlyA?.toFixed(0)} right and ${shortB} alone ${onlyB?.toFixed(0)}, in the mean over seeds;
McNemar’s exact test has p ${worst < 0.001 ? 'below 0.001 for every seed' : `of ${images.map(({pValue}) => probability(pValue)).join(', ')}`}.</p>`;
};

/** What stands in a table. */
export type Cell = string | number;

/** A table that scrolls in its own box where it is wider than the page. */
export const table = (label: string, head: readonly string[], body: ReadonlyArray<readonly Cell[]>): Html =>
	html`<div class="wide" role="group" tabindex="0" aria-label="${label}"><table>
<thead><tr>${head.map(cell => html`<th>${cell}</th>`)}</tr></thead>
<tbody>${body.map(row => html`<tr>${row.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
