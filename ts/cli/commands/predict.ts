import process from 'node:process';
import {Command} from 'commander';
import {type NamedPrediction, type Prediction, percent, predict} from '../../index.js';
import {typed} from '../../text/typed.js';
import type {Interruption} from '../interruption.js';

/** Further classes are shown from this probability on. */
const worthShowing = 0.01;

export const predictCommand = (interruption: Interruption): Command =>
	new Command('predict')
		.description('Label images by a model that a run saved.')
		.argument('<model>', 'a model.safetensors of a run folder')
		.argument('<image...>', 'PNG or JPEG files of any size, or rows of an IDX file such as t10k-images-idx3-ubyte:0-9')
		.option('--invert', 'for dark on light where the model knows light on dark, or the other way round', false)
		.option('--json', 'print a line of JSON for each image', false)
		.addHelpText(
			'after',
			`
Examples:
  ${typed('predict', 'runs/baseline/*/model.safetensors photo.jpg')}
  ${typed('predict', 'model.safetensors seven.png --invert')}
  ${typed('predict', 'model.safetensors data/t10k-images-idx3-ubyte:0-9')}`,
		)
		.action(async (model: string, names: string[], {invert, json}: {invert: boolean; json: boolean}) => {
			for await (const prediction of predict(model, names, {invert})) {
				process.stdout.write(`${json ? JSON.stringify(prediction) : line(prediction)}\n`);
				if (interruption.signal.aborted) {
					return;
				}
			}
		});

const line = ({image, ...prediction}: NamedPrediction): string => `${image}: ${describe(prediction)}`;

/** `7 (99.98 %)`, with whatever else is at all likely. */
const describe = ({label, classes, probabilities}: Prediction & {readonly classes: readonly string[]}): string => {
	const ranked = [...probabilities.entries()].toSorted(([, a], [, b]) => b - a);
	const others = ranked.filter(([other, probability]) => other !== label && probability >= worthShowing);
	const text = [[label, probabilities[label] ?? 0] as const, ...others].map(
		([name, probability]) => `${classes[name] ?? name} (${percent(probability)} %)`,
	);
	return text.join(', ');
};
