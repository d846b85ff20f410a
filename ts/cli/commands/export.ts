import process from 'node:process';
import {type Command, InvalidArgumentError, Option} from 'commander';
import {noiseName} from '../../export/evidence.js';
import {formatNames} from '../../export/formats.js';
import {opsets} from '../../export/onnx/write.js';
import {formatBytes} from '../../format/bytes.js';
import {displayPath} from '../../format/command-line.js';
import {
	type CheckedExport,
	type ComparedImages,
	ConfigError,
	checkExport,
	type DataSource,
	type Exported,
	type ExportOptions,
	exportModel,
	findLadder,
	LadderError,
	openLadder,
	type SetName,
} from '../../index.js';
import {commandHint} from '../../platform/command-hint.js';
import {chosenModel, modelArgument} from '../chosen-model.js';
import {exitCodes} from '../exit-codes.js';
import type {Interruption} from '../interruption.js';
import {type LadderFlags, withLadderOption} from '../ladder-options.js';

type Flags = LadderFlags &
	Partial<
		Pick<ExportOptions, 'format' | 'out' | 'name' | 'fold' | 'opset' | 'softmax' | 'int8' | 'maxLoss' | 'python'>
	> & {
		readonly check?: string;
		readonly data?: string;
		readonly set?: SetName;
		readonly json: boolean;
	};

export const exportCommand = (command: Command, interruption: Interruption): Command =>
	withLadderOption(command)
		.argument('[model]', modelArgument)
		.addOption(new Option('--format <name>', 'the format to write').choices(formatNames))
		.option('--out <dir>', 'the folder to write, missing or empty (default: exports/NAME-FORMAT)')
		.option('--name <name>', 'the name of files and functions (default: after the run’s step)')
		.option('--fold', 'fold each norm into the convolution before it: smaller, and logits differ by rounding')
		.addOption(
			new Option('--opset <number>', `of ONNX: ${opsets.from} to ${opsets.to} (default: ${opsets.default})`).argParser(
				parseOpset,
			),
		)
		.option('--softmax', 'of ONNX: the probabilities as a second output')
		.option('--int8', 'of C: whole numbers of a byte, by ranges over training images, or of training with `quantize`')
		.addOption(
			new Option('--max-loss <points>', 'accuracy that --int8 may lose at most (default: 0.1)').argParser(parsePoints),
		)
		.option('--check <dir>', 'compare an export with its model again, instead of writing one')
		.option(
			'--data <place>',
			'the images to compare on, as `evaluate` takes them (default: the ladder’s data, else noise)',
		)
		.addOption(
			new Option('--set <name>', 'which of these images (default: test, or all of data without sets)').choices([
				...['test', 'train', 'validation', 'all'],
			]),
		)
		.option('--python <command>', 'a Python with torch, numpy and safetensors, to check an export for PyTorch')
		.option('--json', 'print one JSON document', false)
		.addHelpText(
			'after',
			`
An export is a folder: the files of the format, a README.md that says how to use them, the model, and export.json with the
evidence: how many images get another answer than by the model itself.

Examples:
  ${commandHint('export', 'runs/latest --format onnx')}
  ${commandHint('export', 'baseline:3 --format c')}
  ${commandHint('export', 'model.safetensors --format js --name digits --out digits')}
  ${commandHint('export', '--check exports/digits-js')}`,
		)
		.action(async (model: string | undefined, flags: Flags) => {
			const {json, ladder, check, data, set, python, ...writing} = flags;
			const options = {
				...{data: data ?? (await ladderData({ladder})), signal: interruption.signal, tell: reportLine},
				...(set && {set}),
				...(python !== undefined && {python}),
			};
			if (check !== undefined) {
				refuseBesideCheck(model, writing);
				const checked = await checkExport(check, defined(options));
				process.stdout.write(`${json ? JSON.stringify(checked) : checkedText(check, checked)}\n`);
				process.exitCode = checked.agrees ? exitCodes.done : exitCodes.failed;
				return;
			}

			const {format} = writing;
			if (model === undefined || format === undefined) {
				const missing = model === undefined ? 'model' : 'format';
				const expected =
					model === undefined
						? 'a run’s folder, a model.safetensors or a seed of a recorded step'
						: 'given as `--format <name>`';
				throw new ConfigError(missing, expected, 'nothing');
			}

			const place = await chosenModel(model, ladder === undefined ? {} : {ladder}, interruption.signal);
			const exported = await exportModel(place, {...defined(options), ...writing, format});
			process.stdout.write(`${json ? JSON.stringify(exported) : exportedText(exported)}\n`);
		});

const parseOpset = (value: string): number => {
	if (!/^\d{1,3}$/.test(value)) {
		throw new InvalidArgumentError('a whole number is expected');
	}

	return Number(value);
};

const parsePoints = (value: string): number => {
	if (!/^\d{1,3}(\.\d+)?$/.test(value)) {
		throw new InvalidArgumentError('a number of points is expected, such as 0.1');
	}

	return Number(value);
};

const reportLine = (line: string): void => {
	process.stderr.write(`${line}\n`);
};

/** Leaves out options without a value. */
const defined = <Options extends {data: DataSource | string | undefined}>({data, ...others}: Options) => ({
	...others,
	...(data !== undefined && {data}),
});

/** Returns the data of the ladder that was named, or else of that of the working folder, if there is one. */
const ladderData = async ({ladder}: {ladder: string | undefined}): Promise<DataSource | undefined> => {
	let folder = ladder;
	try {
		folder ??= findLadder(process.cwd());
	} catch (error) {
		if (error instanceof LadderError) {
			return undefined;
		}

		throw error;
	}

	return (await openLadder(folder)).data;
};

/** @throws {ConfigError} for what is of use only where an export is written */
const refuseBesideCheck = (model: string | undefined, writing: Partial<ExportOptions>): void => {
	const [name] = model === undefined ? Object.keys(writing) : ['model'];
	if (name !== undefined) {
		throw new ConfigError(
			name,
			'left out beside `--check`, which writes nothing',
			String(model ?? writing[name as never]),
		);
	}
};

const exportedText = ({folder, evidence}: Exported): string => {
	const files = evidence.files.map(({name, bytes}) => [name, formatBytes(bytes)] as const);
	const width = Math.max(...files.map(([name]) => name.length));
	return [
		`Exported to ${displayPath(folder)}; its README.md says how to use it.`,
		...files.map(([name, bytes]) => `  ${name.padEnd(width)}  ${bytes}`),
		...comparisonLines(evidence),
	].join('\n');
};

const checkedText = (folder: string, {changed, now, evidence, agrees}: CheckedExport): string => {
	if (now === undefined) {
		const are = changed.length === 1 ? 'is missing or has' : 'are missing or have';
		return `${folder}: ${changed.join(', ')} ${are} changed since it was exported; export the model again.`;
	}

	const others =
		now.images.sha256 === evidence.images.sha256
			? []
			: [`These are other images than the ${evidence.images.count} of ${evidence.images.name} of its export.json.`];
	const verdict = agrees ? 'as its export.json says' : 'not as its export.json says';
	return [`${folder}: ${verdict}.`, ...others, ...comparisonLines(now)].join('\n');
};

const comparisonLines = ({
	images,
	answers,
	missing,
}: Exported['evidence'] | NonNullable<CheckedExport['now']>): string[] => [
	headOf(images, answers.length > 0),
	...answers.map(
		({runtime, differ, largestDifference}) =>
			`  ${runtime}: ${differ === 0 ? 'the same answers' : `${differ} other answers`}, logits at most ${largestDifference === 0 ? 0 : largestDifference.toExponential(1)} apart`,
	),
	...missing.map(({runtime, reason}) => `  ${runtime}: not checked, ${reason}`),
];

const headOf = ({name, count}: ComparedImages, isCompared: boolean): string => {
	if (!isCompared) {
		return 'Not compared with the model, since nothing was there to compute the export:';
	}

	const on = `Compared with the model on ${count.toLocaleString('en')} images (${name})`;
	return name === noiseName ? `${on}, which shows little: name images of yours with \`--data PLACE\`:` : `${on}:`;
};
