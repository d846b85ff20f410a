import {percent} from '../format/figures.js';
import {markdownProse, markdownTable, markdownText} from '../format/markdown.js';
import {byClassNote} from '../record/class-table.js';
import {significanceSentence, testedOf} from './comparison.js';
import {changesMarkdown, comparisonMarkdown, exportsMarkdown} from './report-markdown.js';
import type {RunGroup} from './run-groups.js';
import type {RunsData} from './runs-data.js';

/** Renders a report of runs as Markdown. */
export const runsMarkdown = ({
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
}: RunsData): string => {
	const [first] = groups;
	return [
		...['# Runs', '', `**${markdownProse(headline)}**`, ''],
		...[markdownTable(runs.head, runs.body), ''],
		...['Test: accuracy of the last finished epoch.', ''],
		...notes.flatMap(note => [markdownProse(note), '']),
		...['## By settings', '', markdownTable(together.head, together.body), ''],
		...['Test: mean of the last five epochs. Mean ± standard deviation over seeds, in percent.', ''],
		...exportsMarkdown(exports),
		...(classes.body.length > 0
			? ['## By class', '', markdownTable(classes.head, classes.body), '', byClassNote, '']
			: []),
		...['## Test accuracy by epoch, %', '', epochTable(groups), ''],
		...(mistakes.length > 0 ? ['## Misclassified test images', ''] : []),
		...mistakes.flatMap(({name, sentence, table}) => [
			...[`### ${markdownText(name)}`, '', markdownProse(sentence), '', markdownTable(table.head, table.body), ''],
		]),
		...(changes.length > 0 ? [`## What differs from ${markdownText(first?.name ?? '')}`, ''] : []),
		...changes.flatMap(({group, changes}) => [`### ${markdownText(group.name)}`, '', ...changesMarkdown(changes)]),
		...(comparisons.length + notCompared.length > 0 ? ['## Comparisons', ''] : []),
		...comparisons.flatMap(comparison => [
			`### ${markdownText(`${comparison.a} against ${comparison.b}`)}, over ${comparison.seeds.length} common ${comparison.seeds.length === 1 ? 'seed' : 'seeds'}`,
			...['', comparisonMarkdown(comparison), ''],
		]),
		...comparisons
			.slice(0, 1)
			.flatMap(({primary}) => [markdownProse(significanceSentence(primary, testedOf(comparisons))), '']),
		...notCompared.flatMap(reason => [markdownProse(reason), '']),
	].join('\n');
};

const epochTable = (groups: readonly RunGroup[]): string => {
	const runs = groups.flatMap(({name, runs}) => runs.map(run => ({...run, name})));
	const last = Math.max(0, ...runs.map(({epochs}) => epochs.length));
	return markdownTable(
		['Epoch', ...runs.map(({name, seed}) => `${name}, seed ${seed}`)],
		Array.from({length: last}, (_, index) => [
			index + 1,
			...runs.map(({epochs}) => {
				const row = epochs[index];
				return row ? percent(row.testCorrect / row.testTotal) : '';
			}),
		]),
	);
};
