import process from 'node:process';
import {type Command, Option} from 'commander';
import {escapeName} from '../../format/controls.js';
import {
	type ImageOutcome,
	type ImagePrediction,
	loadModel,
	type NamedPrediction,
	type PredictOptions,
	percent,
} from '../../index.js';
import {commandHint} from '../../platform/command-hint.js';
import {chosenModel, modelArgument} from '../chosen-model.js';
import {exitCodes} from '../exit-codes.js';
import type {Interruption} from '../interruption.js';
import {type LadderFlags, withLadderOption} from '../ladder-options.js';
import {print, printError} from '../print.js';

/** Further classes are shown if they have at least this probability. */
const worthShowing = 0.01;

/** Below this probability of the likeliest class, the prediction is marked as unsure. */
const likely = 0.5;

type Flags = LadderFlags & Pick<PredictOptions, 'fit'> & {invert?: boolean; all: boolean; json: boolean};

export const predictCommand = (command: Command, interruption: Interruption): Command =>
	withLadderOption(command)
		.argument('<model>', modelArgument)
		.argument(
			'<image...>',
			"image files of any size, such as PNG or JPEG; folders with all images below them; patterns such as 'photos/*.jpg'; or rows of an IDX file such as t10k-images-idx3-ubyte:0-9",
		)
		.option('--invert', 'invert the images, for dark on light where the model learned light on dark')
		.addOption(
			new Option(
				'--fit <how>',
				'digits: find one digit, dark on light or light on dark, and bring it to MNIST’s form; whole, cover, fill: the whole image with bars, its middle square, or stretched (default: as the model learned)',
			).choices(['digits', 'whole', 'cover', 'fill']),
		)
		.option('--all', 'show every class', false)
		.option('--json', 'print a line of JSON for each image', false)
		.addHelpText(
			'after',
			`
An image that can't be read is reported on stderr, and the others are predicted all the same; the exit code is 5 then.

Examples:
  ${commandHint('predict', 'runs/latest photo.jpg')}
  ${commandHint('predict', 'baseline:3 photo.jpg')}
  ${commandHint('predict', "runs/latest photos 'more/*.jpg'")}
  ${commandHint('predict', 'model.safetensors seven.png --all')}
  ${commandHint('predict', 'model.safetensors data/t10k-images-idx3-ubyte:0-9')}`,
		)
		.action(async (modelPath: string, names: string[], {all, json, ladder, ...options}: Flags) => {
			const {signal} = interruption;
			const model = await loadModel(await chosenModel(modelPath, ladder === undefined ? {} : {ladder}, signal));
			const {classes} = model;
			let [count, damaged] = [0, 0];
			for await (const outcome of model.predictImages(names, {...options, signal})) {
				count += 1;
				if (outcome.error) {
					damaged += 1;
					printError(`stepladder: ${outcome.error.message}\n`);
					process.exitCode = exitCodes.data;
				}

				const text = json ? JSON.stringify(jsonOf(outcome, classes)) : lineOf(outcome, classes, all);
				print(text === undefined ? '' : `${text}\n`);
			}

			if (damaged > 0 && count > 1) {
				printError(`stepladder: ${damaged} of ${count} images could not be read\n`);
			}
		});

const jsonOf = ({image, error, ...prediction}: ImageOutcome, classes: readonly string[]): object => {
	if (error) {
		return {image, error: {code: error.code, message: error.message}};
	}

	const {blank, done, ...found} = prediction as ImagePrediction;
	return {image, ...found, classes, blank, done};
};

/** Formats an outcome; `undefined` for an image that can't be read, which stderr reports. */
const lineOf = (outcome: ImageOutcome, classes: readonly string[], all: boolean): string | undefined => {
	if (outcome.error) {
		return undefined;
	}

	const {blank, done, ...prediction} = outcome;
	const image = escapeName(String(outcome.image));
	if (blank) {
		return `${image}: blank, there is nothing on it; a black image is ${describe({...prediction, classes}, all)}`;
	}

	const lead = Math.max(...prediction.probabilities) < likely ? 'nothing is likely: ' : '';
	const words = describe({...prediction, classes}, all);
	return `${image}: ${lead}${words}${done.length > 0 ? ` [${done.join('; ')}]` : ''}`;
};

/** Formats a prediction: `7 (99.98 %)`, with the next two if they are likely, or with all. */
const describe = (
	{label, classes, probabilities}: Pick<NamedPrediction, 'label' | 'classes' | 'probabilities'>,
	all: boolean,
): string => {
	const ranked = [...probabilities.entries()].toSorted(([, a], [, b]) => b - a).filter(([other]) => other !== label);
	const others = all ? ranked : ranked.slice(0, 2).filter(([, probability]) => probability >= worthShowing);
	return [[label, probabilities[label] ?? 0] as const, ...others]
		.map(([name, probability]) => `${escapeName(classes[name] ?? String(name))} (${percent(probability)} %)`)
		.join(', ');
};
