import path from 'node:path';
import {type Command, Option} from 'commander';
import {escapeName} from '../../format/controls.js';
import {textTable} from '../../format/text-table.js';
import {wrapWriteErrors} from '../../fs/wrap-write-errors.js';
import {writeUserFile} from '../../fs/write-user-file.js';
import {ConfigError, type EvaluatedImage, type Evaluation, evaluate, percent, type SetName} from '../../index.js';
import {commandHint} from '../../platform/command-hint.js';
import {chosenModel, modelArgument} from '../chosen-model.js';
import type {Interruption} from '../interruption.js';
import {
	chosenLadder,
	type DataFlags,
	type LadderFlags,
	openOptions,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {print} from '../print.js';
import {screen} from '../screen.js';

type Flags = LadderFlags & DataFlags & {set?: SetName; label: string; show: number; json: boolean; csv?: string};

/** More classes than these make a table of confusions that no screen has room for. */
const mostClasses = 20;

export const evaluateCommand = (command: Command, interruption: Interruption): Command =>
	withDataOption(withLadderOption(command))
		.argument('<model>', modelArgument)
		.argument(
			'[data]',
			'a folder of images (<class>/* or <set>/<class>/*), a folder of IDX files, an .npz or a .csv (default: the ladder’s data)',
		)
		.addOption(
			new Option('--set <name>', 'which images (default: test, or all of data without sets)').choices([
				...['test', 'train', 'validation', 'all'],
			]),
		)
		.option('--label <column>', 'the column of labels of a .csv', 'label')
		.option('--show <count>', 'the number of unsure and of surely wrong images to print', parseCount, 10)
		.option('--json', 'print one JSON document', false)
		.option(
			'--csv <file>',
			'write a row an image: file, class, predicted class, its probability, rank of the own class',
		)
		.addHelpText(
			'after',
			`
Image files are prepared as the model's own images were, whatever their size. Classes are matched by their names.

Examples:
  ${commandHint('evaluate', 'runs/latest')}
  ${commandHint('evaluate', 'baseline:3 new-photos')}
  ${commandHint('evaluate', 'runs/latest new-photos --csv new-photos.csv')}
  ${commandHint('evaluate', 'model.safetensors photos --set train')}`,
		)
		.action(async (model: string, place: string | undefined, {show, json, csv, ...flags}: Flags) => {
			const {set, label} = flags;
			const data = place ?? (await chosenLadder(flags)).data;
			const options = {...openOptions(flags), label, ...(set && {set}), signal: interruption.signal};
			const evaluation = await evaluate(await chosenModel(model, flags, interruption.signal), data, options);
			if (csv !== undefined) {
				wrapWriteErrors('the table', csv, () => writeUserFile(path.resolve(csv), csvOf(evaluation)));
			}

			print(`${json ? JSON.stringify(jsonOf(evaluation, show)) : textOf(evaluation, show)}\n`);
		});

const parseCount = (value: string): number => {
	if (!/^\d{1,9}$/.test(value)) {
		throw new ConfigError('--show', 'a whole number', value);
	}

	return Number(value);
};

/** Wrong predictions, the surest first. */
const surelyWrong = ({images}: Evaluation): EvaluatedImage[] =>
	images.filter(({rank}) => rank > 1).sort((a, b) => b.probability - a.probability);

/** Images, the least sure first. */
const leastSure = ({images}: Evaluation): EvaluatedImage[] => images.toSorted((a, b) => a.probability - b.probability);

const jsonOf = (evaluation: Evaluation, show: number): object => {
	const {images, classes, ...measures} = evaluation;
	const named = ({label, predicted, ...image}: EvaluatedImage) => ({
		...{...image, label, name: classes[label], predicted, predictedName: classes[predicted]},
	});
	return {
		...{...measures, classes, count: images.length},
		surelyWrong: surelyWrong(evaluation).slice(0, show).map(named),
		leastSure: leastSure(evaluation).slice(0, show).map(named),
	};
};

const csvOf = ({images, classes}: Evaluation): string => {
	const rows = images.map(({image, label, predicted, probability, rank}) =>
		[image, classes[label], classes[predicted], probability, rank].map(cell => quoted(String(cell))).join(','),
	);
	return `${['file,label,predicted,probability,rank', ...rows].join('\n')}\n`;
};

/** Quotes a cell as RFC 4180 does, if it needs that. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

const textOf = (evaluation: Evaluation, show: number): string => {
	const {name, classes, images, accuracy, majority, perClass} = evaluation;
	const count = (value: number): string => value.toLocaleString('en');
	const correct = images.filter(({rank}) => rank === 1).length;
	const measures = [
		['Accuracy', `${percent(accuracy)} %`, `${count(correct)} of ${count(images.length)}`],
		['Balanced accuracy', `${percent(evaluation.balancedAccuracy)} %`, 'mean recall of the classes'],
		['Macro F1', `${percent(evaluation.macroF1)} %`, 'mean F1 of the classes'],
		...(evaluation.top3 === undefined
			? []
			: [['Top 3', `${percent(evaluation.top3)} %`, 'the class is among the three likeliest']]),
		...(evaluation.calibrationError === undefined
			? []
			: [
					[
						'Calibration error',
						`${percent(evaluation.calibrationError)} %`,
						'mean distance of probability and accuracy',
					],
				]),
		[
			`Always \`${escapeName(classes[majority.label] ?? String(majority.label))}\``,
			`${percent(majority.accuracy)} %`,
			'accuracy of that answer alone',
		],
	];
	const widths = [0, 1].map(column => Math.max(...measures.map(row => row[column]?.length ?? 0)));
	const ofClasses = perClass.map(({count: images, precision, recall, f1}, label) => [
		...[classes[label] ?? label, count(images)],
		...(images > 0 ? [percent(precision), percent(recall), percent(f1)] : ['', '', '']),
	]);
	return [
		`${name}: ${count(images.length)} images`,
		'',
		...measures.map(
			([name = '', value = '', words = '']) =>
				`${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${words}`,
		),
		'',
		textTable(['Class', 'images', 'precision', 'recall', 'F1'], ofClasses, {screen: screen()}),
		'',
		confusionText(evaluation),
		...imageLines('Surely wrong', surelyWrong(evaluation), classes, show),
		...imageLines('Least sure', leastSure(evaluation), classes, show),
	].join('\n');
};

const confusionText = ({classes, confusion}: Evaluation): string => {
	if (classes.length <= mostClasses) {
		const rows = confusion.map((row, label) => [classes[label] ?? label, ...row]);
		return `Rows: class. Columns: predicted class.\n${textTable(['', ...classes], rows, {screen: screen()})}`;
	}

	const wrong = confusion.flatMap((row, label) =>
		row.flatMap((count, predicted) => (count > 0 && label !== predicted ? [{label, predicted, count}] : [])),
	);
	const common = wrong.sort((a, b) => b.count - a.count).slice(0, mostClasses);
	const rows = common.map(({label, predicted, count}) => [
		classes[label] ?? label,
		classes[predicted] ?? predicted,
		count,
	]);
	return `The most common confusions; \`--json\` has all.\n${textTable(['Class', 'predicted', 'images'], rows, {screen: screen()})}`;
};

const imageLines = (
	title: string,
	images: readonly EvaluatedImage[],
	classes: readonly string[],
	show: number,
): string[] => {
	const lines = images.slice(0, show).map(({image, label, predicted, probability, rank}) => {
		const name = (label: number): string => escapeName(classes[label] ?? String(label));
		const answer = `${name(predicted)} (${percent(probability)} %)`;
		return `  ${escapeName(image)}: ${rank === 1 ? answer : `${name(label)}, taken for ${answer}`}`;
	});
	return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
};
