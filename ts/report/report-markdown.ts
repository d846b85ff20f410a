import type {MeasuredPredictions} from '../claims/measured-predictions.js';
import type {Data} from '../data/data.js';
import {measures} from '../experiment/measures.js';
import {percent} from '../format/figures.js';
import {markdownProse, markdownTable, markdownText} from '../format/markdown.js';
import {byClassNote, classTable, predictionsSentence} from '../record/class-table.js';
import {ladderFormats, trivialLegend} from '../record/ladder-table.js';
import type {Changes} from './changes.js';
import {type Comparison, comparedClassTable, differenceCells, meanCells} from './comparison.js';
import {dataSentence} from './data-sentence.js';
import {type ExportsTable, exportsNote} from './exports-table.js';
import {mistakesSentence} from './mistakes-sentence.js';
import {changedNote, type ReportData, type ReportedStep, staleNote, staleSentence} from './report-data.js';
import {summaryCells} from './summary-table.js';

/** Renders a ladder's report as Markdown. */
export const reportMarkdown = (report: ReportData): string => {
	const {name, headline, data, rows, steps, exports} = report;
	const stale = staleSentence(report);
	return [
		...[`# ${markdownText(name)}`, ''],
		...[`**${markdownProse(headline)}**`, ''],
		...[ladderFormats.markdown(rows), ''],
		...trivialLegend(rows.map(({result}) => result)).flatMap(line => [line, '']),
		...[markdownText(dataSentence(data)), ''],
		...(stale === '' ? [] : [`**${markdownText(stale)}**`, '']),
		...exportsMarkdown(exports),
		...steps.flatMap(step => chapter(step, data)),
	].join('\n');
};

/** Renders the table of exports; empty if there are none. */
export const exportsMarkdown = ({head, body, notes}: ExportsTable): string[] => [
	...(body.length > 0 ? ['## Exports', '', markdownTable(head, body), '', exportsNote, ''] : []),
	...notes.flatMap(note => [markdownProse(note), '']),
];

const chapter = (
	{entry, recorded, text, changes, summary, predictions, mistakes, comparison, isStale, changedSince}: ReportedStep,
	data: Data,
): string[] => {
	const {position, step} = entry;
	const layers = summaryCells(summary);
	const all = recorded.seeds.length;
	return [
		...[`## ${position}. ${step.name}`, ''],
		...(isStale ? [`**${staleNote}**`, ''] : []),
		...(changedSince === undefined ? [] : [`**${markdownProse(changedNote(changedSince))}**`, '']),
		...[`**Target.** ${text.target} ${markdownProse(text.why)}`, ''],
		...(text.correction === undefined ? [] : [`**Correction.** ${markdownProse(text.correction)}`, '']),
		...[`**Promised.** ${markdownProse(text.preregistered)}`, ''],
		...[`**Result.** ${markdownProse(text.result.join(' '))}`, ''],
		...[
			'**Analysis.**',
			'',
			...(text.analysis.length > 0 ? text.analysis.map(line => `- ${markdownProse(line)}`) : ['- none yet']),
			'',
		],
		...(step.from && changes ? [`### What changed from \`${step.from.name}\``, '', ...changesMarkdown(changes)] : []),
		...['### Test accuracy by epoch, %', '', epochTable(recorded.record.epochs, recorded.seeds), ''],
		...(comparison
			? [
					...[
						`### Against \`${comparison.b}\`, over ${comparison.seeds.length} common ${comparison.seeds.length === 1 ? 'seed' : 'seeds'}`,
						'',
					],
					comparisonMarkdown(comparison),
					'',
				]
			: []),
		...['### Layers and receptive field', '', markdownTable(layers.head, layers.body), ''],
		...(predictions ? ['### By class', '', ...classesMarkdown(predictions)] : []),
		...(isStale ? [] : misclassified(mistakes, data, all)),
	];
};

const misclassified = (mistakes: ReportedStep['mistakes'], data: Data, all: number): string[] => {
	const className = (label: number): string => data.classes[label] ?? String(label);
	const labels = data.testLabels();
	const always = mistakes.filter(({seeds}) => seeds === all);
	return [
		'### Misclassified test images',
		'',
		`${mistakesSentence(mistakes.length, always.length, data.test, all)}${all === 1 ? '' : ' Those by all:'}`,
		'',
		markdownTable(
			['Image', 'class', 'predicted', 'highest probability'],
			always.map(({image, predicted}) => [
				...[
					data.testName?.(image) ?? image,
					className(labels[image] ?? 0),
					predicted.map(({label}) => className(label)).join(', '),
				],
				Math.max(...predicted.map(({probability}) => probability)).toFixed(2),
			]),
		),
		'',
	];
};

const classesMarkdown = (predictions: MeasuredPredictions): string[] => {
	const {head, body} = classTable(predictions.perClass);
	return [predictionsSentence(predictions), '', markdownTable(head, body), '', byClassNote, ''];
};

/** Renders a comparison's measures as tables. */
export const comparisonMarkdown = (comparison: Comparison): string => {
	const {head, body} = comparedClassTable(comparison);
	return [measuresMarkdown(comparison), ...(body.length > 0 ? ['', markdownTable(head, body)] : [])].join('\n');
};

const measuresMarkdown = ({a, b, measures: rows}: Comparison): string =>
	markdownTable(
		['Measure', `${a} %`, `${b} %`, 'difference in points', '95 % interval', 'significant'],
		rows.map(row => [
			...[measures[row.measure], ...meanCells(row), ...differenceCells(row), row.significant ? 'yes' : 'no'],
		]),
	);

/** Lists changed settings, and layers side by side. */
export const changesMarkdown = ({settings, layers}: Changes): string[] => [
	...settings.map(({setting, before, after}) => `- ${markdownText(`${setting}: ${before} -> ${after}`)}`),
	...(settings.length > 0 ? [''] : []),
	...(layers.length > 0
		? [
				markdownTable(
					['Layers before', 'after', ''],
					layers.map(({before, after, changed}) => [before, after, changed ? 'changed' : '']),
				),
				'',
			]
		: []),
];

const epochTable = (epochs: ReportedStep['recorded']['record']['epochs'], seeds: readonly number[]): string => {
	const last = Math.max(...epochs.map(({epoch}) => epoch));
	const rows = Array.from({length: last}, (_, index) => [
		index + 1,
		...seeds.map(seed => {
			const row = epochs.find(row => row.seed === seed && row.epoch === index + 1);
			return row ? percent(row.testCorrect / row.testTotal) : '';
		}),
	]);
	return markdownTable(['Epoch', ...seeds.map(seed => `seed ${seed}`)], rows);
};
