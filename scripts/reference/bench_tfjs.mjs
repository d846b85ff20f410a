// Times training passes of a step in TensorFlow.js on its plain JavaScript backend, for `npm run bench`, without
// augmentation. (Its `wasm` backend has no gradient of a convolution.)
//
// usage: node bench_tfjs.mjs NPM_FOLDER EXPERIMENT.json DATA_DIR
//
// bench_peer.py has the protocol. A batch takes many seconds, so the warm-up is one batch.
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';

const [, , npmFolder = '', experimentFile = '', dataFolder = ''] = process.argv;

/** @param {unknown} value */
const answer = value => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Returns the shape and the bytes of a file of MNIST's format. @param {string} file */
const readIdx = file => {
	const bytes = readFileSync(file);
	const count = bytes[3] ?? 0;
	const shape = Array.from({length: count}, (_, i) => bytes.readUInt32BE(4 + 4 * i));
	return {shape, bytes: bytes.subarray(4 + 4 * count)};
};

/** @param {any} tf @param {any} net */
const build = (tf, net) => {
	const {block} = net;
	if ((block.activation ?? 'relu') !== 'relu') {
		throw new Error('it is timed with ReLU only');
	}

	const model = tf.sequential();
	// `inputShape` of the first layer: height, width, channels.
	let first = {inputShape: [net.size, net.size, net.channels]};
	const add = (/** @type {string} */ kind, /** @type {object} */ settings) => {
		model.add(tf.layers[kind]({...settings, ...first}));
		first = /** @type {any} */ ({});
	};
	for (const layer of [...net.body, ...net.head]) {
		const {kind, channels, kernel, padding, ...others} = layer;
		const isConv = kind === 'block' || kind === 'conv';
		const known = kind === 'conv' ? ['bias'] : [];
		if (!['block', 'conv', 'max-pool', 'average-pool', 'flatten'].includes(kind)) {
			throw new Error(`it is timed without \`${kind}\` layers only`);
		}

		if (Object.keys(others).some(name => !known.includes(name)) || (!isConv && padding !== undefined)) {
			throw new Error(`it is timed without such a \`${kind}\` only`);
		}

		if (!isConv) {
			const pool = {poolSize: kernel, strides: kernel};
			add({'max-pool': 'maxPooling2d', 'average-pool': 'averagePooling2d'}[kind] ?? 'flatten', kernel ? pool : {});
			continue;
		}

		for (const part of kind === 'block' ? block.order : ['conv']) {
			if (part === 'conv') {
				if (padding > 0) {
					add('zeroPadding2d', {padding});
				}

				const useBias = kind === 'block' ? block.bias : layer.bias;
				add('conv2d', {filters: channels, kernelSize: kernel, useBias});
			} else if (part === 'norm' && block.norm === 'batch') {
				const [momentum, epsilon] = [1 - (block.normMomentum ?? 0.1), block.normEpsilon ?? 1e-5];
				add('batchNormalization', {momentum, epsilon});
			} else if (part === 'relu') {
				add('reLU', {});
			} else if (part === 'dropout' && block.dropout > 0) {
				add('dropout', {rate: block.dropout});
			}
		}
	}

	return model;
};

/** @param {any} tf @param {any} experiment */
const optimizerOf = (tf, {optimizer, labelSmoothing}) => {
	const {kind = 'sgd', momentum, nesterov, weightDecay, ...others} = optimizer;
	if (kind !== 'sgd' || Object.keys(others).length > 0 || labelSmoothing) {
		throw new Error('it is timed with plain sgd and without label smoothing only');
	}

	return {sgd: tf.train.momentum(0.01, momentum, nesterov), weightDecay};
};

const require = createRequire(path.join(npmFolder, 'package.json'));
/** @type {any} */
let tf;
try {
	tf = require('@tensorflow/tfjs');
} catch {
	answer({missing: '@tensorflow/tfjs'});
	process.exit(0);
}

const experiment = JSON.parse(readFileSync(experimentFile, 'utf8'));
const size = experiment.batchSize;
await tf.setBackend('cpu');
/** @type {any} */
let made;
try {
	made = {model: build(tf, experiment.net), ...optimizerOf(tf, experiment)};
} catch (error) {
	answer({version: tf.version.tfjs, error: /** @type {Error} */ (error).message});
	process.exit(0);
}

const {model, sgd, weightDecay} = made;
const colour = path.join(dataFolder, 'train-images-idx4-ubyte');
const {shape, bytes} = readIdx(existsSync(colour) ? colour : path.join(dataFolder, 'train-images-idx3-ubyte'));
const [count = 0, channels = 1] = shape.length === 4 ? shape : [shape[0], 1];
const side = shape.at(-1) ?? 0;
const labels = readIdx(path.join(dataFolder, 'train-labels-idx1-ubyte')).bytes;
const mean = bytes.reduce((sum, pixel) => sum + pixel, 0) / bytes.length;
const deviation = Math.sqrt(bytes.reduce((sum, pixel) => sum + (pixel - mean) ** 2, 0) / bytes.length);
const weights = model.trainableWeights.map((/** @type {any} */ weight) => weight.val);

/** Returns images of random places and their labels. @param {number} some */
const batchOf = some => {
	const places = Array.from({length: some}, () => Math.floor(Math.random() * count));
	const length = channels * side * side;
	const pixels = new Float32Array(some * length);
	for (const [i, place] of places.entries()) {
		for (let k = 0; k < length; k += 1) {
			pixels[i * length + k] = ((bytes[place * length + k] ?? 0) - mean) / deviation;
		}
	}

	return {
		images: tf.transpose(tf.tensor4d(pixels, [some, channels, side, side]), [0, 2, 3, 1]),
		labels: tf.oneHot(
			tf.tensor1d(
				places.map(place => labels[place] ?? 0),
				'int32',
			),
			experiment.net.classes,
		),
	};
};

/** Trains on a number of images and returns the last loss. @param {number} images */
const pass = images => {
	let last = Number.NaN;
	for (let begin = 0; begin < images; begin += size) {
		tf.tidy(() => {
			const batch = batchOf(Math.min(size, images - begin));
			const {value, grads} = tf.variableGrads(() => {
				const logits = model.apply(batch.images, {training: true}).flatten().reshape([batch.images.shape[0], -1]);
				const loss = tf.losses.softmaxCrossEntropy(batch.labels, logits);
				return loss;
			}, weights);
			const decayed = Object.entries(grads).map(([name, gradient]) => {
				const weight = weights.find((/** @type {any} */ one) => one.name === name);
				return [name, weightDecay > 0 ? gradient.add(weight.mul(weightDecay)) : gradient];
			});
			sgd.applyGradients(Object.fromEntries(decayed));
			last = value.dataSync()[0];
		});
	}

	return last;
};

const parameters = weights.reduce((/** @type {number} */ sum, /** @type {any} */ weight) => sum + weight.size, 0);
answer({version: tf.version.tfjs, parameters});
let isWarm = false;
for await (const line of createInterface(process.stdin)) {
	try {
		if (!isWarm) {
			pass(size);
			isWarm = true;
		}

		const begun = performance.now();
		const loss = pass(Number(line.split(' ')[2]));
		const seconds = (performance.now() - begun) / 1000;
		answer({seconds, loss, peakMemory: process.resourceUsage().maxRSS * 1024});
	} catch (error) {
		answer({error: /** @type {Error} */ (error).message});
	}
}
