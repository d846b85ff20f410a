import {dataSentence} from '../data-sentence.js';
import {
	type Frontier,
	type FrontierData,
	frontierNotes,
	frontierTable,
	publishedNote,
	publishedTable,
} from '../frontier.js';
import {frontierChart} from './frontier-chart.js';
import {type Html, html} from './html.js';
import {pageOf, prose, table, toTop} from './parts.js';

/** Renders a report of several ladders as one self-contained HTML page, without scripts or requests. */
export const laddersPage = async ({headline, ladders, frontiers, notes}: FrontierData): Promise<string> => {
	const sections = await Promise.all(frontiers.map(async frontier => section(frontier)));
	return pageOf({
		...{title: 'Accuracy against parameters', headline},
		main: html`${sections}
<section>
<h2>The ladders</h2>
<dl class="ladders">${ladders.map(({name, headline}) => html`<dt>${name}</dt><dd>${prose(headline)}</dd>`)}</dl>
${notes.map(note => html`<p>${prose(note)}</p>`)}
${toTop}
</section>`,
	});
};

const section = async (frontier: Frontier): Promise<Html> => {
	const steps = frontierTable(frontier);
	const others = publishedTable(frontier);
	return html`<section>
<h2>${frontier.name}</h2>
${await frontierChart(frontier)}
${table(`${frontier.name}: recorded steps`, steps.head, steps.body)}
${frontierNotes(frontier).map(note => html`<p class="quiet">${note}</p>`)}
${
	others.body.length > 0 &&
	html`<h3>Published by others</h3>
${table(`${frontier.name}: published by others`, others.head, others.body)}
<p class="quiet">${publishedNote}</p>`
}
<p>${dataSentence(frontier.data)}</p>
${toTop}
</section>`;
};
