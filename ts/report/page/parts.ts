import {type Measure, measures} from '../../experiment/measures.js';
import {probability} from '../../format/figures.js';
import type {Changes} from '../changes.js';
import {
	type Comparison,
	comparedClassTable,
	differenceCells,
	meanCells,
	shortNames,
	significanceSentence,
} from '../comparison.js';
import {type ExportsTable, exportsNote} from '../exports-table.js';
import {Html, html} from './html.js';
import {style} from './style.js';

/** The content of a page. */
type Page = {
	readonly title: string;
	/** Sentences below the title; in a page that is served, those whose changes a screen reader reads out. */
	readonly headline: string;
	readonly main: Html;
	/** Additional CSS rules, such as images. */
	readonly rules?: string;
	/** The script of a page that is served, with the nonce that its policy names; others have none. */
	readonly script?: {readonly nonce: string; readonly text: string};
};

/** Returns the policy of a page: no requests, and no script but its own, which may then ask its own server. */
export const policyOf = (nonce?: string): string =>
	[
		"default-src 'none'; style-src 'unsafe-inline'; img-src data:",
		...(nonce === undefined ? [] : [`script-src 'nonce-${nonce}'; connect-src 'self'`]),
	].join('; ');

/** Renders a self-contained page, without requests. */
export const pageOf = ({title, headline, main, rules = '', script}: Page): string =>
	html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${new Html(policyOf(script?.nonce))}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(style + rules)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p${script ? html` class="quiet" role="status"` : html` class="headline"`}>${prose(headline)}</p>
</header>
<main>
${main}
</main>
${script && html`<script nonce="${script.nonce}">${new Html(script.text)}</script>`}
</body>
</html>
`.text;

export const toTop = html`<p class="to-top"><a href="#">Back to the top</a></p>`;

/** Renders a sentence, with text between backticks as code. */
export const prose = (text: string): Html[] =>
	text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

/** Renders changed settings, and layers side by side. */
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
				html`<tr${changed && html` class="changed"`}><td>${nested(before)}</td><td>${nested(after)}</td><td>${changed && 'yes'}</td></tr>`,
		)}</tbody>
</table></div>`
	}`;

/** Renders a text that no-break spaces indent, two a level, with a line for each level. */
export const nested = (text: string): Html | string => {
	const [indent = ''] = /^\u00a0*/.exec(text) ?? [];
	return indent === ''
		? text
		: html`<span class="nested" style="--depth: ${indent.length / 2}">${text.slice(indent.length)}</span>`;
};

/** Renders the measures of a comparison as a table. */
export const comparedTable = (comparison: Comparison): Html => {
	const {a, b, seeds, measures: rows} = comparison;
	const classes = comparedClassTable(comparison);
	const [shortA, shortB] = shortNames({a, b});
	return html`${shortA !== a && html`<p class="quiet">A is ${a}, B is ${b}.</p>`}
${table(
	`${a} against ${b}, over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
	['Measure', `${shortA}, %`, `${shortB}, %`, 'difference', '95 % interval', 'significant', 'seeds needed'],
	rows.map(row => [
		...[measures[row.measure], ...meanCells(row), ...differenceCells(row)],
		row.significant ? 'yes' : 'no',
		row.significant ? '' : (row.seedsNeeded ?? '-'),
	]),
)}${classes.body.length > 0 && table(`${a} against ${b}, by class`, classes.head, classes.body)}`;
};

/**
 * Explains the columns of that table.
 *
 * @param count number of comparisons that are corrected together
 */
export const significanceNote = (primary: Measure, count?: number): Html =>
	html`<p class="quiet">${significanceSentence(primary, count)} Seeds needed: the number with which a
difference this large would be significant in four of five experiments. Differences are taken before rounding.</p>`;

/** Renders McNemar's test on the test images; `undefined` if no test labels were available. */
export const comparedImages = ({a, b, images}: Comparison): Html | undefined => {
	if (images.length === 0) {
		return undefined;
	}

	const [onlyA, onlyB] = (['onlyFirst', 'onlySecond'] as const).map(
		side => images.reduce((sum, image) => sum + image[side], 0) / images.length,
	);
	const worst = Math.max(...images.map(({pValue}) => pValue));
	const [shortA, shortB] = shortNames({a, b});
	return html`<p class="quiet">Of the test images, ${shortA} alone gets ${onlyA?.toFixed(0)} right and ${shortB} alone ${onlyB?.toFixed(0)}, averaged over seeds;
McNemar’s exact test has p ${worst < 0.001 ? 'below 0.001 for every seed' : `of ${images.map(({pValue}) => probability(pValue)).join(', ')}`}.</p>`;
};

/** The content of a table cell. */
export type Cell = string | number;

/** Renders a table that scrolls in its own box if it is wider than the page. */
export const table = (label: string, head: readonly string[], body: ReadonlyArray<ReadonlyArray<Cell | Html>>): Html =>
	html`<div class="wide" role="group" tabindex="0" aria-label="${label}"><table>
<thead><tr>${head.map(cell => html`<th>${cell}</th>`)}</tr></thead>
<tbody>${body.map(row => html`<tr>${row.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;

/** The exports of models; empty if there are none. */
export const exportsSection = ({head, body, notes}: ExportsTable): Html =>
	html`${
		body.length + notes.length > 0 &&
		html`<section>
<h2>Exports</h2>
${body.length > 0 && html`${table('Exports', head, body)}<p class="quiet">${exportsNote}</p>`}
${notes.map(note => html`<p>${prose(note)}</p>`)}
${toTop}
</section>`
	}`;
