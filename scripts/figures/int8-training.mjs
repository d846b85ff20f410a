// Measures what training for whole numbers gains: a small net that is exported by `--int8` as it was trained, after further epochs
// in floats, and after as many with `quantize: 'int8'`. For docs/MODELS.md.
//
// usage: node scripts/figures/int8-training.mjs FOLDER [SEEDS [EPOCHS]]
//
// FOLDER keeps the runs. Five seeds of ten epochs of MNIST take about 15 minutes on two cores.
import {mkdtempSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {defineStep, exportModel, mnist, train} from '../../dist/ts/index.js';
import {pairedDifference} from '../../dist/ts/statistics/paired.js';

/** @import {Experiment, Layer, Net} from '../../dist/ts/index.js' */

const [, , folder = '', seeds = '5', epochs = '10'] = process.argv;
if (folder === '') {
	throw new Error('usage: node scripts/figures/int8-training.mjs FOLDER [SEEDS [EPOCHS]]');
}

/** @type {(stride: number, channels: number) => Layer} */
const separable = (stride, channels) => ({kind: 'separable', channels, kernel: 3, padding: 1, stride});

/** Depthwise convolutions of four channels. @type {Net} */
const net = {
	...{channels: 1, size: 28, classes: 10},
	block: {
		order: ['conv', 'norm', 'relu', 'dropout'],
		...{bias: false, norm: 'batch', dropout: 0, activation: 'hard-swish'},
	},
	body: [
		{kind: 'block', channels: 4, kernel: 3, padding: 1, stride: 2},
		{kind: 'residual', layers: [separable(1, 4)]},
		{kind: 'residual', layers: [separable(1, 4)]},
		separable(2, 16),
	],
	head: [{kind: 'global-average-pool'}, {kind: 'linear', features: 10}],
};

/** @type {Experiment} */
const first = {
	net,
	optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
	schedule: {kind: 'one-cycle', maxLearningRate: 0.2, pctStart: 0.3, divFactor: 10, finalDivFactor: 100},
	...{labelSmoothing: 0, batchSize: 64, epochs: Number(epochs)},
};
const target = {why: 'Figures.', testAccuracy: 0.1, heldFor: 1, maxParameters: 10_000, maxEpochs: 100};

/** Trains one seed, and counts right answers in floats and in whole numbers. @type {(name: string, experiment: Experiment, seed: number) => Promise<{run: string, floats: number, int8: number}>} */
const measure = async (name, experiment, seed) => {
	const out = path.join(folder, `${name}-${seed}`);
	await train(defineStep({name, experiment, target}), {data: mnist(), out, seeds: [seed], threads: 1}).result;
	const run = path.join(out, 'latest');
	const place = mkdtempSync(path.join(folder, 'export-'));
	const exported = await exportModel(run, {
		...{format: 'c', int8: true, maxLoss: 100, name: 'net', data: mnist(), out: path.join(place, 'net')},
	});
	rmSync(place, {recursive: true});
	const accuracy = exported.evidence.answers[0]?.accuracy;
	return {run, floats: accuracy?.model ?? Number.NaN, int8: accuracy?.export ?? Number.NaN};
};

/** @type {Record<string, Map<number, {run: string, floats: number, int8: number}>>} */
const measured = {trained: new Map(), 'more-epochs': new Map(), 'more-epochs-int8': new Map()};
for (let seed = 1; seed <= Number(seeds); seed += 1) {
	const trained = await measure('trained', first, seed);
	/** @type {Experiment} */
	const further = {...first, epochs: 3, start: {from: trained.run}, schedule: {kind: 'cosine', learningRate: 0.02}};
	measured['trained']?.set(seed, trained);
	measured['more-epochs']?.set(seed, await measure('more-epochs', further, seed));
	measured['more-epochs-int8']?.set(seed, await measure('more-epochs-int8', {...further, quantize: 'int8'}, seed));
	for (const [name, list] of Object.entries(measured)) {
		const {floats, int8} = list.get(seed) ?? {};
		process.stdout.write(`seed ${seed} ${name}: ${floats} right in floats, ${int8} in whole numbers\n`);
	}
}

/** @type {(figures: Map<number, number>) => string} */
const shown = figures => {
	const {difference} = pairedDifference(figures, new Map([...figures.keys()].map(seed => [seed, 0])));
	return `${difference.mean.toFixed(1)}, ${difference.low.toFixed(1)} to ${difference.high.toFixed(1)}`;
};
for (const [name, list] of Object.entries(measured)) {
	/** @type {(of: (figures: {floats: number, int8: number}) => number) => Map<number, number>} */
	const each = of => new Map([...list].map(([seed, figures]) => [seed, of(figures)]));
	const [floats, lost] = [each(({floats}) => floats), each(({floats, int8}) => floats - int8)];
	process.stdout.write(
		`${name}: right in floats ${shown(floats)}; lost in whole numbers ${shown(lost)}; ${[...lost.values()].join(', ')}\n`,
	);
}
