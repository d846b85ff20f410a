import type {Mistake} from '../../claims/mistakes.js';
import type {Data} from '../../data/data.js';
import {byClassNote, classTable, predictionsSentence} from '../../record/class-table.js';
import {resultsFirst, trivialLegend} from '../../record/ladder-table.js';
import {roundToSum} from '../../statistics/round-to-sum.js';
import {augmentedSheet} from '../../training/augmented-sheet.js';
import {dataSentence} from '../data-sentence.js';
import {mistakesSentence} from '../mistakes-sentence.js';
import {changedNote, type ReportData, type ReportedStep, staleNote, staleSentence} from '../report-data.js';
import {ofRecord} from '../run-groups.js';
import {summaryCells} from '../summary-table.js';
import {accuracyByStep} from './accuracy-by-step.js';
import {curves} from './curves.js';
import {type Html, html} from './html.js';
import {imageRules, imageUri, pngUri} from './images.js';
import {
	changed,
	comparedImages,
	comparedTable,
	exportsSection,
	nested,
	pageOf,
	prose,
	significanceNote,
	table,
	toTop,
} from './parts.js';
import {receptiveField} from './receptive-field.js';

/** Renders a ladder's report as one self-contained HTML page, without scripts or requests. */
export const reportPage = async (data: ReportData): Promise<string> => {
	const {name, headline, steps, published} = data;
	const stale = staleSentence(data);
	const chapters = await Promise.all(steps.map(async step => chapter(step, data.data)));
	const misclassified = steps.flatMap(({mistakes}) => mistakes.map(({image}) => image));
	const {head, body} = resultsFirst(data.rows);
	const rules = await imageRules(data.data, misclassified);
	return pageOf({
		...{title: name, headline, rules},
		main: html`<section>
<h2>The ladder</h2>
${table(`${name}: its steps`, head, body)}
<p class="quiet">Train: accuracy while learning, in the last epoch, with augmentation and dropout where the step has
them. Test: mean accuracy of the last five epochs. Both in percent, mean ± standard deviation over seeds. Target
99.40 x 5: the step’s own, at least 99.40 % in each of the last 5 epochs. Held: seeds that reached it.</p>
${trivialLegend(data.rows.map(({result}) => result)).map(line => html`<p class="quiet">${line}</p>`)}
<p>${dataSentence(data.data)}</p>
${stale !== '' && html`<p><strong>${stale}</strong></p>`}
<p class="quiet">Every figure comes from the records of training runs. The model evaluated is that of the last epoch: no
epoch was chosen by its test accuracy. Accuracies are rounded down, so that no missed target looks reached.</p>
<nav aria-label="Steps">${steps.map(({entry}) => html`<a href="#${entry.step.name}">${entry.step.name}</a> `)}</nav>
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
${exportsSection(data.exports)}
${chapters}`,
	});
};

const chapter = async (step: ReportedStep, data: Data): Promise<Html> => {
	const {entry, recorded, text, changes, summary, comparison} = step;
	const {name, from} = entry.step;
	const layers = summaryCells(summary);
	const sheet = await augmentedImages(step, data);
	return html`<section class="step">
<h2 id="${name}">${entry.position}. ${name}</h2>
${step.isStale && html`<p><strong>${staleNote}</strong></p>`}
${step.changedSince !== undefined && html`<p><strong>${prose(changedNote(step.changedSince))}</strong></p>`}
<dl>
<dt>Target</dt><dd>${text.target} <span class="quiet">${prose(text.why)}</span></dd>
${text.correction !== undefined && html`<dt>Correction</dt><dd>${prose(text.correction)}</dd>`}
<dt>Promised</dt><dd>${prose(text.preregistered)}</dd>
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
	html`<h3>What changed from <code>${from.name}</code></h3>
${changed(name, changes)}
${sheet}`
}
<h3>Curves</h3>
${await curves([ofRecord(recorded, entry.record)])}
${
	comparison &&
	html`<h3>Against <code>${comparison.b}</code>, over ${comparison.seeds.length} common ${comparison.seeds.length === 1 ? 'seed' : 'seeds'}</h3>
${comparedTable(comparison)}
${significanceNote(comparison.primary)}
${comparedImages(comparison)}`
}
<h3>Layers and receptive field</h3>
${table(
	`${name}: layers`,
	layers.head,
	layers.body.map(([operation, ...cells]) => [nested(String(operation)), ...cells]),
)}
${
	step.seesOther
		? receptiveField(summary, data, await imageUri(data, 0))
		: html`<p class="quiet">The receptive fields are those of <code>${from?.name}</code>.</p>`
}
${!step.isStale && imagesOf(step, data)}
${toTop}
</section>
`;
};

/** Shows training images as a step that changed their augmentation learns from them; empty for other steps. */
const augmentedImages = async (
	{entry: {step}, recorded: {record}, isStale}: ReportedStep,
	data: Data,
): Promise<Html> => {
	const {experiment} = record;
	const differs =
		step.from && JSON.stringify(step.from.experiment.augmentation) !== JSON.stringify(experiment.augmentation);
	const [seed] = record.seeds;
	if (!differs || isStale || !seed || experiment.augmentation === undefined) {
		return html``;
	}

	const png = await augmentedSheet(experiment, data, seed.seed);
	return html`<p>Training images as the first epoch of seed ${seed.seed} shows them to the net:</p>
<p><img class="sheet" alt="64 augmented training images" src="${pngUri(png)}"></p>`;
};

/** What needs the images that the step was tested on. */
const imagesOf = ({entry, recorded, confusion, predictions, mistakes}: ReportedStep, data: Data): Html => {
	const {name} = entry.step;
	const seeds = recorded.seeds.length;
	const classes = classTable(predictions?.perClass ?? []);
	return html`<h3>Confusion</h3>
${confusionTable(name, confusion, data)}
${
	predictions &&
	html`<h3>By class</h3>
<p>${predictionsSentence(predictions)}</p>
${table(`${name}: precision, recall and F1 by class`, classes.head, classes.body)}
<p class="quiet">${byClassNote}</p>`
}
<h3>Misclassified test images</h3>
<p class="quiet">${mistakesSentence(mistakes.length, mistakes.filter(mistake => mistake.seeds === seeds).length, data.test, seeds)}</p>
${
	mistakes.length > 0 &&
	html`<details><summary>Show them</summary>
<ul class="mistakes">${mistakes.map(mistake => mistakeItem(mistake, seeds, data))}</ul></details>`
}`;
};

const mistakeItem = ({image, predicted}: Mistake, of: number, data: Data): Html => {
	const className = (label: number): string => data.classes[label] ?? String(label);
	const name = className(data.testLabels()[image] ?? 0);
	const file = data.testName?.(image);
	return html`<li><span class="image i${image}" role="img" aria-label="test image ${image}, ${name}"></span>
#${image}, ${name}<br>${file !== undefined && html`<span class="file">${file}</span><br>`}${predicted.map(
		({label, seeds, probability}) =>
			html`as ${className(label)} by ${seeds} of ${of}, up to ${(100 * probability).toFixed(0)} %<br>`,
	)}</li>`;
};

const confusionTable = (step: string, counts: ReportedStep['confusion'], {classes}: Data): Html => {
	const most = Math.max(1, ...counts.flatMap((row, label) => row.filter((_, taken) => taken !== label)));
	const digits = counts.flat().every(count => Math.abs(count - Math.round(count)) < 1e-6) ? 0 : 1; // of one seed: whole
	return html`<div class="wide" role="group" tabindex="0" aria-label="${step}: confusion"><table class="confusion">
<thead><tr><th>class</th>${classes.map(name => html`<th>as ${name}</th>`)}</tr></thead>
<tbody>${counts.map(
		(row, label) =>
			html`<tr><th>${classes[label]}</th>${roundToSum(row, digits).map((count, taken) =>
				taken === label
					? html`<td class="hit">${count.toFixed(digits)}</td>`
					: html`<td class="miss" style="--heat: ${((0.75 * count) / most).toFixed(2)}">${row[taken] === 0 ? '' : count.toFixed(digits)}</td>`,
			)}</tr>`,
	)}</tbody>
</table></div>
<p class="quiet">Rows: true class. Columns: predicted class. Counts are means over seeds; a row adds up to
the test images of its class.</p>`;
};
