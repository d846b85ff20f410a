import {measures} from '../record/recorded.js';
import {ladderFormats} from './ladder.js';
import {markdownTable} from './markdown-table.js';
import {interval} from './points.js';
import type {ReportData, ReportedStep} from './report-data.js';
import {setting} from './setting.js';
import {summaryCells} from './summary-table.js';

/** The whole ladder as one Markdown page. */
export const reportMarkdown = ({rows, steps}: ReportData): string =>
	['# The ladder and its records', '', ladderFormats.markdown(rows), '', ...steps.flatMap(step => chapter(step))].join(
		'\n',
	);

const chapter = ({place, recorded, text, changes, summary, mistakes, comparison}: ReportedStep): string[] => {
	const {position, step} = place;
	const layers = summaryCells(summary);
	const all = recorded.seeds.length;
	return [
		...[`## ${position}. ${step.name}`, ''],
		...[`**Target.** ${text.target} ${text.why}`, ''],
		...[`**Result.** ${text.result.join(' ')}`, ''],
		...[
			'**Analysis.**',
			'',
			...(text.analysis.length > 0 ? text.analysis.map(line => `- ${line}`) : ['- none yet']),
			'',
		],
		...(step.from
			? [
					...[`### What changed against \`${step.from.name}\``, ''],
					markdownTable(
						['Setting', 'before', 'after'],
						changes.map(({path, before, after}) => [`\`${path}\``, `\`${setting(before)}\``, `\`${setting(after)}\``]),
					),
					'',
				]
			: []),
		...['### Test accuracy by epoch, %', '', epochTable(recorded.record.epochs, recorded.seeds), ''],
		...(comparison
			? [
					...[`### Against \`${comparison.b}\``, ''],
					markdownTable(
						['Measure', 'difference in points', '95 % interval', 'told apart'],
						comparison.measures.map(({measure, difference, low, high, told}) => [
							measures[measure],
							(100 * difference).toFixed(2),
							low === undefined || high === undefined ? '-' : interval({low, high}),
							told ? 'yes' : 'no',
						]),
					),
					'',
				]
			: []),
		...['### Layers and receptive field', '', markdownTable(layers.head, layers.body), ''],
		'### Misclassified test images',
		'',
		`${mistakes.length} of 10,000 are wrong by at least one of ${all} ${all === 1 ? 'seed' : 'seeds'}. Those wrong by all:`,
		'',
		markdownTable(
			['Image', 'label', 'taken for', 'probability up to'],
			mistakes
				.filter(({seeds}) => seeds === all)
				.map(({image, label, taken}) => [
					...[image, label, taken.map(({label}) => label).join(', ')],
					Math.max(...taken.map(({probability}) => probability)).toFixed(2),
				]),
		),
		'',
	];
};

const epochTable = (epochs: ReportedStep['recorded']['record']['epochs'], seeds: readonly number[]): string => {
	const last = Math.max(...epochs.map(({epoch}) => epoch));
	const rows = Array.from({length: last}, (_, index) => [
		index + 1,
		...seeds.map(seed => {
			const row = epochs.find(row => row.seed === seed && row.epoch === index + 1);
			return row ? ((100 * row.testCorrect) / row.testTotal).toFixed(2) : '';
		}),
	]);
	return markdownTable(['Epoch', ...seeds.map(seed => `seed ${seed}`)], rows);
};
