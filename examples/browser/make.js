// Trains a small net on MNIST, and exports it as one file of JavaScript for index.html.
import path from 'node:path';
import process from 'node:process';
import {defineStep, exportModel, mnist, train} from 'stepladder';

const {EPOCHS = '5', OUT = import.meta.dirname} = process.env;

const block = (channels, kernel) => ({kind: 'block', channels, kernel, padding: 0});
const step = defineStep({
	name: 'digits',
	experiment: {
		net: {
			...{channels: 1, size: 28, classes: 10},
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0},
			body: [block(8, 3), block(16, 3), {kind: 'max-pool', kernel: 2}, block(8, 1), block(16, 3), block(20, 3)],
			head: [{kind: 'global-average-pool'}, {kind: 'linear', features: 10}],
		},
		augmentation: [{kind: 'affine', rotation: 10, translation: 0.1, scaleMin: 0.85, scaleMax: 1.15, shear: 8}],
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
		labelSmoothing: 0,
		batchSize: 128,
		epochs: Number(EPOCHS),
	},
	target: {
		why: 'A page should read most digits.',
		testAccuracy: 0.98,
		heldFor: 1,
		maxParameters: 8000,
		maxEpochs: Number(EPOCHS),
	},
});

const training = train(step, {data: mnist(), out: path.join(OUT, 'runs')});
for await (const event of training) {
	if (event.type === 'epoch') {
		console.log(`Epoch ${event.epoch} of ${EPOCHS}: ${event.testCorrect} of ${event.testTotal} test images right.`);
	}
}

const {folder, evidence} = await exportModel(path.join(OUT, 'runs', 'latest'), {
	...{format: 'js', name: 'digits', out: path.join(OUT, 'digits'), data: mnist()},
});
const [{differ}] = evidence.answers;
console.log(
	`Exported to ${folder}: ${differ} of ${evidence.images.count} test images get another answer than by the model.`,
);
console.log(`Open ${path.join(OUT, 'index.html')} in a browser.`);
