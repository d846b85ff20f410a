// Trains on twelve images of bars, keeps the model, and asks it about one: `node train.cjs`.
const {mkdtempSync, rmSync} = require('node:fs');
const {tmpdir} = require('node:os');
const path = require('node:path');
const {arrays, defineStep, loadModel, train} = require('stepladder');

const size = 6;

/** A bar through an image: a row for even numbers, a column for odd ones. */
const bar = image =>
	Uint8Array.from({length: size * size}, (_, pixel) => {
		const [row, column] = [Math.floor(pixel / size), pixel % size];
		return (image % 2 === 0 ? row : column) === (image >> 1) % size ? 255 : 0;
	});

const images = Array.from({length: 2 * size}, (_, image) => bar(image));
const set = {images: Uint8Array.from(images.flatMap(image => [...image])), labels: images.map((_, image) => image % 2)};

const step = defineStep({
	name: 'bars',
	experiment: {
		net: {
			...{size, channels: 1, classes: 2},
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [{kind: 'block', channels: 4, kernel: 3, padding: 0}],
			head: [
				{kind: 'average-pool', kernel: 4},
				{kind: 'conv', channels: 2, kernel: 1, padding: 0, bias: true},
				{kind: 'flatten'},
			],
		},
		optimizer: {momentum: 0.9, nesterov: false, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.1},
		...{labelSmoothing: 0, batchSize: 4, epochs: 30},
	},
	target: {
		why: 'Twelve images should be learned by heart.',
		testAccuracy: 1,
		heldFor: 1,
		maxParameters: 100,
		maxEpochs: 30,
	},
});

/** @returns {Promise<string>} what the model says of a row */
exports.trainAndAsk = async () => {
	const out = mkdtempSync(path.join(tmpdir(), 'smallest-'));
	try {
		const data = arrays({name: 'bars', size, channels: 1, classes: ['row', 'column'], train: set, test: set});
		const training = train(step, {data, out});
		let folder = '';
		for await (const event of training) {
			if (event.type === 'seed') {
				folder = event.folder;
			}
		}

		const {parameters} = await training.result;
		const model = await loadModel(path.join(folder, 'model.safetensors'));
		const [{label, name, probabilities}] = await model.predict(bar(0));
		return `${parameters} parameters say ${name}, ${Math.round(100 * probabilities[label])} %`;
	} finally {
		rmSync(out, {recursive: true, force: true});
	}
};

if (require.main === module) {
	exports.trainAndAsk().then(line => console.log(line));
}
