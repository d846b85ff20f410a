// Writes the table of docs/MODELS.md: what each format of an export weighs, how its answers differ, and how long one image takes beside
// `fused`, for the steps of MNIST and two nets of colour images.
//
// usage: node scripts/figures/export-formats.mjs [PYTHON [STEP ...]]
//
// Run it where nothing else runs, in a folder whose project has `onnxruntime-node`; PYTHON has torch, numpy and safetensors. Nets are
// trained for one epoch of few images, since neither answers that differ in floats nor times depend on accuracy. Rounds of all
// formats take turns, each on one thread; a figure is the median of five rounds.
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {openData} from '../../dist/ts/data/open-data.js';
import {summarize} from '../../dist/ts/experiment/summarize.js';
import {names} from '../../dist/ts/export/onnx/write.js';
import {markdownTable} from '../../dist/ts/format/markdown.js';
import {arrays, exportModel, loadModel, openLadder, train} from '../../dist/ts/index.js';
import {median} from '../../dist/ts/statistics/median.js';

/** @import {Exported, ExportOptions, Ladder, Step} from '../../dist/ts/index.js' */

/** @typedef {{time: (images: number) => Promise<number>, close?: () => void}} Timed of milliseconds an image, over so many calls */

const [, , python = '', ...chosen] = process.argv;
const root = fileURLToPath(new URL('../..', import.meta.url));
const rounds = 5;
/** Milliseconds of a round of one format. */
const roundLength = 100;
/** Of the first step, whose 6.4 million parameters take long in plain C and JavaScript. */
const fewImages = 100;

/** C for chips with an instruction for `fmaf`, which plain x86-64 calls a function for. */
const withFma = 'c, -mfma';

/** @type {Array<{label: string, options: Pick<ExportOptions, 'format' | 'int8'>}>} */
const formats = [
	{label: 'onnx', options: {format: 'onnx'}},
	{label: 'c', options: {format: 'c'}},
	...(process.arch === 'x64' ? [{label: withFma, options: {format: /** @type {const} */ ('c')}}] : []),
	{label: 'c, int8', options: {format: 'c', int8: true}},
	{label: 'js', options: {format: 'js'}},
	...(python === '' ? [] : [{label: 'pytorch', options: {format: /** @type {const} */ ('pytorch')}}]),
];

/** Starts a program that answers a number of images by milliseconds. @type {(command: string, args: string[]) => Timed} */
const started = (command, args) => {
	const child = spawn(command, args, {stdio: ['pipe', 'pipe', 'inherit'], env: {...process.env, OMP_NUM_THREADS: '1'}});
	const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	return {
		time: async images => {
			child.stdin.write(`${images}\n`);
			return Number((await lines.next()).value) / images;
		},
		close: () => child.stdin.end(),
	};
};

/** Predicts the same image again and again. @type {(predict: () => unknown) => Timed} */
const inProcess = predict => ({
	time: async images => {
		const begun = performance.now();
		for (let image = 0; image < images; image += 1) {
			await predict();
		}

		return (performance.now() - begun) / images;
	},
});

const cProgram = `#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include "net.h"
int main(void)
{
	static uint8_t pixels[NET_PIXELS];
	static float logits[NET_CLASSES];
	struct timespec begun, ended;
	long images;
	for (long i = 0; i < NET_PIXELS; i++)
		pixels[i] = (uint8_t)(i * 7919 % 251);
	while (scanf("%ld", &images) == 1) {
		clock_gettime(CLOCK_MONOTONIC, &begun);
		for (long i = 0; i < images; i++) {
			pixels[0] = (uint8_t)i;
			net_predict(pixels, logits);
		}
		clock_gettime(CLOCK_MONOTONIC, &ended);
		printf("%.6f\\n", (ended.tv_sec - begun.tv_sec) * 1e3 + (ended.tv_nsec - begun.tv_nsec) / 1e6);
		fflush(stdout);
	}
	return logits[0] > 1e30f;
}
`;

const pythonProgram = `
import sys, time
sys.path.insert(0, sys.argv[1])
import torch
import model
torch.set_num_threads(1)
net = model.load()
pixels = torch.randint(0, 256, (1, model.ABOUT["channels"], model.ABOUT["size"], model.ABOUT["size"]), dtype=torch.uint8)
for line in sys.stdin:
    begun = time.perf_counter()
    with torch.no_grad():
        for _ in range(int(line)):
            net(pixels)
    print((time.perf_counter() - begun) * 1e3, flush=True)
`;

/** Opens an export to be timed. @type {(label: string, folder: string, pixels: Uint8Array, shape: number[]) => Promise<Timed>} */
const timed = async (label, folder, pixels, shape) => {
	switch (label) {
		case 'onnx': {
			const ort = createRequire(path.join(process.cwd(), 'package.json'))('onnxruntime-node');
			const options = {intraOpNumThreads: 1, interOpNumThreads: 1};
			const session = await ort.InferenceSession.create(path.join(folder, 'net.onnx'), options);
			return inProcess(() => session.run({[names.images]: new ort.Tensor('uint8', pixels, [1, ...shape])}));
		}

		case 'js': {
			const {logits} = await import(pathToFileURL(path.join(folder, 'net.js')).href);
			return inProcess(() => logits(pixels));
		}

		case 'pytorch': {
			return started(python, ['-B', '-c', pythonProgram, folder]);
		}

		default: {
			writeFileSync(path.join(folder, 'time.c'), cProgram);
			const binary = path.join(folder, 'time');
			const sources = [path.join(folder, 'time.c'), path.join(folder, 'net.c')];
			const flags = ['-std=c99', '-O2', ...(label === withFma ? ['-mfma'] : []), '-I', folder];
			execFileSync(process.env['CC'] || 'cc', [...flags, '-o', binary, ...sources, '-lm']);
			return started(binary, []);
		}
	}
};

/** Returns the median milliseconds of one image by each, in turns. @type {(all: Timed[]) => Promise<number[]>} */
const inTurns = async all => {
	const counts = [];
	for (const {time} of all) {
		await time(1);
		counts.push(Math.max(1, Math.round(roundLength / (await time(1)))));
	}

	const times = all.map(() => /** @type {number[]} */ ([]));
	for (let round = 0; round < rounds; round += 1) {
		for (const [index, {time}] of all.entries()) {
			times[index]?.push(await time(Math.min(counts[index] ?? 1, 5000)));
		}
	}

	for (const {close} of all) {
		close?.();
	}

	return times.map(median);
};

/** Trains a step a little, exports it, and returns the rows of its formats. @type {(ladder: Ladder, step: Step) => Promise<Array<Array<string | number>>>} */
const rowsOf = async (ladder, step) => {
	const work = mkdtempSync(path.join(os.tmpdir(), 'stepladder-formats-'));
	try {
		const {parameters} = summarize(step.experiment.net);
		const isLarge = parameters > 1_000_000;
		const few = {epochs: 1, limitTrain: isLarge ? 256 : 5000, limitTest: 1000, out: path.join(work, 'runs')};
		const {ladder: _, ...alone} = step;
		await train(/** @type {Step} */ (alone), {data: ladder.data, ...few, seeds: [1], threads: 1}).result;
		const run = path.join(work, 'runs', 'latest');
		const data = isLarge ? await firstOf(ladder, fewImages) : ladder.data;
		const model = await loadModel(run);
		const shape = [model.channels, model.size, model.size];
		const pixels = Uint8Array.from({length: model.channels * model.size ** 2}, (_, index) => (index * 7919) % 251);
		/** @type {Exported[]} */
		const exports = [];
		const all = [inProcess(() => model.predict(pixels))];
		for (const [index, {label, options}] of formats.entries()) {
			const out = path.join(work, String(index));
			const more = {...(options.int8 && {maxLoss: 100}), ...(python !== '' && {python})};
			exports.push(await exportModel(run, {...options, ...more, data, out, name: 'net'}));
			all.push(await timed(label, out, pixels, shape));
		}

		const [fused = Number.NaN, ...times] = await inTurns(all);
		return exports.map(({evidence: {files, answers, images}}, index) => {
			const [{differ, largestDifference} = {differ: Number.NaN, largestDifference: Number.NaN}] = answers;
			const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
			const apart = largestDifference === 0 ? '0' : largestDifference.toExponential(1);
			const time = times[index] ?? Number.NaN;
			const first = index === 0 ? `${step.name}, ${parameters.toLocaleString('en')}` : '';
			return [
				...[
					first,
					formats[index]?.label ?? '',
					bytes.toLocaleString('en'),
					`${differ} of ${images.count.toLocaleString('en')}`,
				],
				...[apart, rounded(1000 * time, 3), rounded(time / fused, 2)],
			];
		});
	} finally {
		rmSync(work, {recursive: true, force: true});
	}
};

/** Rounds to significant digits. @type {(value: number, digits: number) => string} */
const rounded = (value, digits) => Number(value.toPrecision(digits)).toLocaleString('en');

/** Returns an experiment whose blocks have another activation. @type {(experiment: Step['experiment'], activation: 'hard-swish') => Step['experiment']} */
const withActivation = (experiment, activation) => {
	const {net} = experiment;
	return {...experiment, net: {...net, block: {...net.block, activation}}};
};

/** Returns the first images of a ladder's data. @type {(ladder: Ladder, count: number) => Promise<import('../../dist/ts/index.js').DataSource>} */
const firstOf = async (ladder, count) => {
	const data = await openData(ladder.data, root);
	const images = Buffer.concat(Array.from({length: count}, (_, index) => data.testImage(index)));
	const set = {images, labels: [...data.testLabels().subarray(0, count)]};
	const channels = /** @type {1 | 3} */ (data.channels);
	return arrays({name: data.name, size: data.size, channels, classes: [...data.classes], train: set, test: set});
};

const [mnist, leaves] = [
	await openLadder(path.join(root, 'ladders/mnist')),
	await openLadder(path.join(root, 'examples/modern-net')),
];
/** Depthwise layers in a residual, of colour images. */
const residual = /** @type {Step} */ (leaves.steps.at(-1));
const steps = [
	...mnist.steps.map(step => ({ladder: mnist, step})),
	{ladder: leaves, step: leaves.steps[0]},
	{ladder: leaves, step: {...residual, experiment: withActivation(residual.experiment, 'hard-swish')}},
];
const rows = [];
for (const {ladder, step} of steps) {
	if (step !== undefined && (chosen.length === 0 || chosen.includes(step.name))) {
		rows.push(...(await rowsOf(ladder, step)));
		process.stderr.write(`${step.name} is done\n`);
	}
}

const head = [
	'Net, parameters',
	'Format',
	'Bytes',
	'Other answers',
	'Logits apart, at most',
	'µs an image',
	'of that of fused',
];
process.stdout.write(`${markdownTable(head, rows)}\n`);
