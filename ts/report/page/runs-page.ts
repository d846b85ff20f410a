import {byClassNote} from '../../record/class-table.js';
import {type Comparison, testedOf} from '../comparison.js';
import type {RunsData} from '../runs-data.js';
import {curves, mostDrawn} from './curves.js';
import {type Html, html} from './html.js';
import {
	changed,
	comparedImages,
	comparedTable,
	exportsSection,
	pageOf,
	prose,
	significanceNote,
	table,
	toTop,
} from './parts.js';

/** Renders a report of runs as one self-contained HTML page. */
export const runsPage = async ({
	headline,
	groups,
	runs,
	together,
	classes,
	notes,
	changes,
	comparisons,
	mistakes,
	notCompared,
	exports,
}: RunsData): Promise<string> => {
	const [first] = groups;
	const drawn = groups.slice(0, mostDrawn);
	const hasEpochs = drawn.some(({runs}) => runs.some(({epochs}) => epochs.length > 0));
	return pageOf({
		...{title: 'Runs', headline},
		main: html`<section>
<h2>All runs</h2>
${table('Runs', runs.head, runs.body)}
<p class="quiet">Test: accuracy of the last finished epoch, in percent, rounded down. Held: whether the target was
reached in each of the last epochs that it asks for.</p>
${notes.map(note => html`<p>${prose(note)}</p>`)}
</section>
<section>
<h2>Curves</h2>
${
	groups.length > drawn.length &&
	html`<p>The first ${drawn.length} of ${groups.length} are drawn, since there are no more line styles. Name fewer folders to see the others.</p>`
}
${hasEpochs ? await curves(drawn) : html`<p>No epoch has finished yet.</p>`}
${toTop}
</section>
<section>
<h2>By settings</h2>
${table('Runs with the same settings', together.head, together.body)}
<p class="quiet">Test: mean accuracy of the last five epochs. Train: while learning, in the last epoch. Both in percent,
mean ± standard deviation over finished seeds. The gap is in points, in evaluation mode. Balanced accuracy, macro F1, top-3
accuracy and the expected calibration error are those of the last epoch, with 95 % intervals.</p>
${
	classes.body.length > 0 &&
	html`<h3>By class</h3>
${table('Precision, recall and F1 by class', classes.head, classes.body)}
<p class="quiet">${byClassNote}</p>`
}
${toTop}
</section>
${exportsSection(exports)}
${
	first &&
	changes.length > 0 &&
	html`<section>
<h2>What differs from ${first.name}</h2>
${changes.map(
	({group, changes}) => html`<h3>${group.name}</h3>
${
	changes.settings.length + changes.layers.length > 0
		? changed(group.name, changes)
		: html`<p class="quiet">No setting of the experiment.</p>`
}`,
)}
${toTop}
</section>`
}
${
	comparisons.length + notCompared.length > 0 &&
	html`<section>
<h2>Comparisons</h2>
${comparisons.map(comparison => chapter(comparison))}
${comparisons[0] && significanceNote(comparisons[0].primary, testedOf(comparisons))}
${notCompared.map(reason => html`<p>${prose(reason)}</p>`)}
${toTop}
</section>`
}
${
	mistakes.length > 0 &&
	html`<section>
<h2>Misclassified test images</h2>
${mistakes.map(
	({name, sentence, table: found}) => html`<h3>${name}</h3>
<p>${prose(sentence)}</p>
<details><summary>Show them</summary>
${table(`${name}: misclassified test images`, found.head, found.body)}</details>`,
)}
${toTop}
</section>`
}`,
	});
};

const chapter = (comparison: Comparison): Html => {
	const {a, b, seeds} = comparison;
	return html`<h3>${a} against ${b}, over ${seeds.length} common ${seeds.length === 1 ? 'seed' : 'seeds'}</h3>
${comparedTable(comparison)}
${comparedImages(comparison)}`;
};
