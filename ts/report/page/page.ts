import type {Data} from '../../data/data.js';
import {ladderTable} from '../../record/ladder-table.js';
import {measures} from '../../terms/measures.js';
import type {Mistake} from '../../terms/mistakes.js';
import {probability} from '../../text/points.js';
import type {Changes} from '../changes.js';
import {differenceCells, meanCells} from '../comparison.js';
import {dataSentence} from '../data-sentence.js';
import type {ReportData, ReportedStep} from '../report-data.js';
import {summaryCells} from '../summary-table.js';
import {accuracyByStep} from './accuracy-by-step.js';
import {curves} from './curves.js';
import {Html, html} from './html.js';
import {imageRules, imageUri} from './images.js';
import {receptiveField} from './receptive-field.js';
import {style} from './style.js';

/** The whole ladder as one page that needs nothing beside itself: no script, no request. */
export const reportPage = async (data: ReportData): Promise<string> => {
	const {name, headline, steps, published} = data;
	const chapters = await Promise.all(steps.map(async step => chapter(step, data.data)));
	const shown = steps.flatMap(({mistakes}) => mistakes.map(({image}) => image));
	const {head, body} = ladderTable(data.rows);
	const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${name}</title>
<style>${new Html(style + (await imageRules(data.data, shown)))}</style>
</head>
<body>
<header>
<h1>${name}</h1>
<p class="headline">${prose(headline)}</p>
</header>
<main>
<section>
<h2>The ladder</h2>
${table(`${name}: its steps`, head, body)}
<p class="quiet">Train: accuracy while learning, in the last epoch, with augmentation and dropout where the step has
them. Test: mean accuracy of the last five epochs. Both in percent, mean ± standard deviation over seeds. Held: seeds
that reached the target in each of so many last epochs.</p>
<p>${dataSentence(data.data)}</p>
<p class="quiet">Every figure comes from the records of training runs. The model judged is that of the last epoch: no
epoch was chosen by its test accuracy. Accuracies are rounded down, so that no target looks reached that was missed.</p>
<nav aria-label="Steps">${steps.map(({place}) => html`<a href="#${place.step.name}">${place.step.name}</a> `)}</nav>
</section>
${
	steps.length + published.length > 1 &&
	html`<section>
<h2>Accuracy by step</h2>
${await accuracyByStep(
	steps.map(({recorded}) => recorded),
	published,
)}
${toTop}
</section>`
}
${chapters}
</main>
</body>
</html>
`;
	return page.text;
};

const toTop = html`<p class="to-top"><a href="#">Back to the top</a></p>`;

const chapter = async (step: ReportedStep, data: Data): Promise<Html> => {
	const {place, recorded, text, changes, summary, mistakes, comparison} = step;
	const {name, from} = place.step;
	const layers = summaryCells(summary);
	const seeds = recorded.seeds.length;
	return html`<section class="step">
<h2 id="${name}">${place.position}. ${name}</h2>
<dl>
<dt>Target</dt><dd>${text.target} <span class="quiet">${prose(text.why)}</span></dd>
<dt>Promised</dt><dd>${prose(text.promised)}</dd>
<dt>Result</dt><dd>${prose(text.result.join(' '))}</dd>
<dt>Analysis</dt><dd>${
		text.analysis.length > 0
			? html`<ul>${text.analysis.map(sentence => html`<li>${prose(sentence)}</li>`)}</ul>`
			: 'none yet'
	}</dd>
</dl>
${
	from &&
	changes &&
	html`<h3>What changed against <code>${from.name}</code></h3>
${changed(name, changes)}`
}
<h3>Curves</h3>
${await curves(recorded)}
${
	comparison &&
	html`<h3>Against <code>${comparison.b}</code>, over ${comparison.seeds.length} common ${comparison.seeds.length === 1 ? 'seed' : 'seeds'}</h3>
${compared(comparison)}`
}
<h3>Layers and receptive field</h3>
${table(`${name}: layers`, layers.head, layers.body)}
${
	step.seesOther
		? receptiveField(summary, data, await imageUri(data, 0))
		: html`<p class="quiet">A unit sees as much of an image as in <code>${from?.name}</code>.</p>`
}
<h3>Confusion</h3>
${confusionTable(name, step.confusion, data)}
<h3>Misclassified test images</h3>
<p class="quiet">${mistakes.length.toLocaleString('en')} of ${data.test.toLocaleString('en')} images are wrong by at least one of ${seeds} ${seeds === 1 ? 'seed' : 'seeds'},
${mistakes.filter(mistake => mistake.seeds === seeds).length} by all.</p>
${
	mistakes.length > 0 &&
	html`<details><summary>Show them</summary>
<ul class="mistakes">${mistakes.map(mistake => mistakeItem(mistake, seeds, data))}</ul></details>`
}
${toTop}
</section>
`;
};

const changed = (step: string, {settings, layers}: Changes): Html =>
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

/** Names between backticks are set as code. */
const prose = (text: string): Html[] =>
	text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

const mistakeItem = ({image, taken}: Mistake, of: number, data: Data): Html => {
	const called = (label: number): string => data.classes[label] ?? String(label);
	const name = called(data.testLabels()[image] ?? 0);
	return html`<li><span class="image i${image}" role="img" aria-label="test image ${image}, ${name}"></span>
#${image}, ${name}<br>${taken.map(
		({label, seeds, probability}) =>
			html`as ${called(label)} by ${seeds} of ${of}, up to ${(100 * probability).toFixed(0)} %<br>`,
	)}</li>`;
};

const compared = ({a, b, primary, measures: rows, images}: NonNullable<ReportedStep['comparison']>): Html => {
	const [onlyA, onlyB] = (['onlyFirst', 'onlySecond'] as const).map(
		side => images.reduce((sum, image) => sum + image[side], 0) / Math.max(1, images.length),
	);
	const worst = Math.max(...images.map(({pValue}) => pValue));
	return html`${table(
		`${a} against ${b}`,
		['Measure', `${a}, %`, `${b}, %`, 'difference', '95 % interval', 'told apart', 'seeds to tell'],
		rows.map(row => [
			...[measures[row.measure], ...meanCells(row), ...differenceCells(row)],
			row.told ? 'yes' : 'no',
			row.told ? '' : (row.seedsNeeded ?? '-'),
		]),
	)}
<p class="quiet">Told apart: by paired tests at 5 %, that of ${measures[primary]} by itself, the others together (Holm). “No” does
not mean the same: these seeds can’t tell. So many seeds would tell a difference as large as the one found in four of five
tries. Differences are taken before rounding.</p>
<p class="quiet">Of the test images, ${a} alone gets ${onlyA?.toFixed(0)} right and ${b} alone ${onlyB?.toFixed(0)}, in the mean over seeds;
McNemar’s exact test has p ${worst < 0.001 ? 'below 0.001 for every seed' : `of ${images.map(({pValue}) => probability(pValue)).join(', ')}`}.</p>`;
};

const confusionTable = (step: string, counts: ReportedStep['confusion'], {classes}: Data): Html => {
	const most = Math.max(1, ...counts.flatMap((row, label) => row.filter((_, taken) => taken !== label)));
	return html`<div class="wide" role="group" tabindex="0" aria-label="${step}: confusion"><table class="confusion">
<thead><tr><th>class</th>${classes.map(name => html`<th>as ${name}</th>`)}</tr></thead>
<tbody>${counts.map(
		(row, label) =>
			html`<tr><th>${classes[label]}</th>${row.map((count, taken) =>
				taken === label
					? html`<td class="hit">${count.toFixed(0)}</td>`
					: html`<td class="miss" style="--heat: ${((0.75 * count) / most).toFixed(2)}">${count === 0 ? '' : count.toFixed(1)}</td>`,
			)}</tr>`,
	)}</tbody>
</table></div>
<p class="quiet">How often each class was taken for each, in the mean over seeds.</p>`;
};

type Cell = string | number;

/** A table that scrolls in its own box where it is wider than the page. */
const table = (label: string, head: readonly string[], body: ReadonlyArray<readonly Cell[]>): Html =>
	html`<div class="wide" role="group" tabindex="0" aria-label="${label}"><table>
<thead><tr>${head.map(cell => html`<th>${cell}</th>`)}</tr></thead>
<tbody>${body.map(row => html`<tr>${row.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
