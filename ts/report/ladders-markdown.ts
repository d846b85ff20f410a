import {markdownProse, markdownTable, markdownText} from '../format/markdown.js';
import {dataSentence} from './data-sentence.js';
import {
	type Frontier,
	type FrontierData,
	frontierNotes,
	frontierTable,
	publishedNote,
	publishedTable,
} from './frontier.js';

/** Renders a report of several ladders as Markdown. */
export const laddersMarkdown = ({headline, ladders, frontiers, notes}: FrontierData): string =>
	[
		...['# Accuracy against parameters', '', `**${markdownProse(headline)}**`, ''],
		...frontiers.flatMap(section),
		...['## The ladders', ''],
		...ladders.map(({name, headline}) => `- **${markdownText(name)}**: ${markdownProse(headline)}`),
		'',
		...notes.flatMap(note => [markdownProse(note), '']),
	].join('\n');

const section = (frontier: Frontier): string[] => {
	const steps = frontierTable(frontier);
	const others = publishedTable(frontier);
	return [
		...[`## ${markdownText(frontier.name)}`, '', markdownTable(steps.head, steps.body), ''],
		...frontierNotes(frontier).flatMap(note => [note, '']),
		...(others.body.length > 0
			? ['### Published by others', '', markdownTable(others.head, others.body), '', publishedNote, '']
			: []),
		...[markdownText(dataSentence(frontier.data)), ''],
	];
};
