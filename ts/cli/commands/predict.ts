import process from 'node:process';
import {type Command, Option} from 'commander';
import {type NamedPrediction, type PredictOptions, percent, predict} from '../../index.js';
import {commandHint} from '../../platform/command-hint.js';
import type {Interruption} from '../interruption.js';

/** Further classes are shown if they have at least this probability. */
const worthShowing = 0.01;

/** Below this probability of the likeliest class, the prediction is marked as unsure. */
const likely = 0.5;

type Flags = Pick<PredictOptions, 'fit'> & {invert?: boolean; all: boolean; json: boolean};

export const predictCommand = (command: Command, interruption: Interruption): Command =>
	command
		.argument('<model>', 'a run’s folder, or a model.safetensors')
		.argument(
			'<image...>',
			'image files of any size, such as PNG or JPEG, or rows of an IDX file such as t10k-images-idx3-ubyte:0-9',
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
Examples:
  ${commandHint('predict', 'runs/latest photo.jpg')}
  ${commandHint('predict', 'model.safetensors seven.png --all')}
  ${commandHint('predict', 'model.safetensors data/t10k-images-idx3-ubyte:0-9')}`,
		)
		.action(async (model: string, names: string[], {all, json, ...options}: Flags) => {
			for await (const prediction of predict(model, names, options)) {
				process.stdout.write(`${json ? JSON.stringify(prediction) : line(prediction, all)}\n`);
				if (interruption.signal.aborted) {
					return;
				}
			}
		});

const line = ({image, blank, done, ...prediction}: NamedPrediction, all: boolean): string => {
	if (blank) {
		return `${image}: blank, there is nothing on it; a black image is ${describe(prediction, all)}`;
	}

	const lead = Math.max(...prediction.probabilities) < likely ? 'nothing is likely: ' : '';
	return `${image}: ${lead}${describe(prediction, all)}${done.length > 0 ? ` [${done.join('; ')}]` : ''}`;
};

/** Formats a prediction: `7 (99.98 %)`, with the next two if they are likely, or with all. */
const describe = (
	{label, classes, probabilities}: Pick<NamedPrediction, 'label' | 'classes' | 'probabilities'>,
	all: boolean,
): string => {
	const ranked = [...probabilities.entries()].toSorted(([, a], [, b]) => b - a).filter(([other]) => other !== label);
	const others = all ? ranked : ranked.slice(0, 2).filter(([, probability]) => probability >= worthShowing);
	return [[label, probabilities[label] ?? 0] as const, ...others]
		.map(([name, probability]) => `${classes[name] ?? name} (${percent(probability)} %)`)
		.join(', ');
};
