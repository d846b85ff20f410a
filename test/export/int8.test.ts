import {spawnSync} from 'node:child_process';
import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {compiled} from '../../ts/export/c/compile.js';
import {operations} from '../../ts/export/c/int8/operations.js';
import {fixedPoint, quantizeConv, quantizeValues} from '../../ts/export/c/int8/quantize.js';
import {asQuantized} from '../../ts/export/c/int8/write.js';
import {planMemory} from '../../ts/export/c/memory.js';
import {evaluate} from '../../ts/export/evaluate.js';
import {tensorOf} from '../../ts/export/graph.js';
import {readModel, type TrainedNet} from '../../ts/export/read-model.js';
import {asWritten} from '../../ts/export/rewrites.js';
import {
	arrays,
	ConfigError,
	checkExport,
	type DataSource,
	type ExportOptions,
	exportModel,
	type Net,
} from '../../ts/index.js';
import {native} from '../../ts/native/load.js';
import {unwrap} from '../../ts/native/unwrap.js';
import {cli} from '../helpers/cli.js';
import {type Ending, temporaryFolder} from '../helpers/folder.js';
import {ladder} from '../helpers/mnist.js';
import {noise, noiseSource, randomModel, randomModels} from '../helpers/random-model.js';

const models = await randomModels();
const [{file: plain, net: plainNet} = {file: '', net: {} as Net}] = models;

const exported = async (t: Ending, file: string, data: DataSource, more: Partial<ExportOptions> = {}) =>
	exportModel(file, {format: 'c', int8: true, out: path.join(temporaryFolder(t), 'out'), name: 'net', data, ...more});

/** The spread of a model's own logits over noise. */
const spreadOf = async (file: string, net: Net): Promise<number> => {
	const logits = unwrap(
		await unwrap(await native().loadModel(file)).logits(noise(60 * net.channels * net.size ** 2, 2)),
	);
	return Math.max(...logits) - Math.min(...logits);
};

for (const {name, net, file} of models) {
	test(`whole numbers of a ${name} net give its logits within a twentieth of their spread`, async t => {
		const {channels, size, classes} = net;
		const set = {
			images: noise(60 * channels * size ** 2, 2),
			labels: Array.from({length: 60}, (_, index) => index % classes),
		};
		const data = arrays({name: 'noise', size, channels: channels as 1 | 3, train: set, test: set}); // no number is beyond its range
		const {evidence} = await exported(t, file, data, {maxLoss: 100});
		const [{largestDifference, accuracy} = {largestDifference: 100, accuracy: undefined}] = evidence.answers;
		t.true(
			largestDifference < (await spreadOf(file, net)) / 20,
			`${largestDifference} of ${await spreadOf(file, net)}`,
		);
		t.is((accuracy?.model ?? 0) - (accuracy?.onlyModel ?? 0), (accuracy?.export ?? 0) - (accuracy?.onlyExport ?? 0));
	});
}

for (const {name, net} of models) {
	test(`a ${name} net that was trained for whole numbers has the ranges that its export needs, and no others`, async t => {
		const trained = await readModel(await randomModel(t, net, {quantize: 'int8'}));
		const model = asQuantized(asWritten(trained, {keepsDropouts: false}, false));
		const missing = {low: Number.NaN, high: Number.NaN};
		const ranges = [missing, ...model.graph.nodes.map(({range}) => range ?? missing)];
		const {graph, quantizations} = quantizeValues(model, ranges);
		const isWide = graph.nodes.at(-1)?.op.kind === 'conv'; // logits of 32 bits have no range
		const lacking = quantizations.flatMap(({zero}, value) => (Number.isNaN(zero) ? [value] : []));
		t.deepEqual(lacking, isWide ? [graph.output] : []);
		const sharing = graph.nodes.filter(({op: {kind}}) => kind === 'max-pool' || kind === 'flatten').length;
		const given = model.graph.nodes.filter(({range}) => range !== undefined).length;
		t.is(given, graph.nodes.length - sharing - Number(isWide));
	});
}

/** Computes a net as its training for whole numbers did: before norms are folded, as PyTorch's fake quantization. */
const rounded = ({graph, normalisation}: TrainedNet, image: Uint8Array): Float32Array => {
	const tensors = new Map(graph.tensors);
	for (const {op} of graph.nodes) {
		if (op.kind === 'conv') {
			const {shape, values} = tensorOf(graph, op.weight);
			const taps = values.length / (shape[0] ?? 1);
			const scaleOf = (index: number) => {
				const start = index - (index % taps);
				return Math.max(...values.subarray(start, start + taps).map(Math.abs)) / 127;
			};

			const nearest = values.map((weight, index) => scaleOf(index) * Math.round(weight / scaleOf(index)));
			tensors.set(op.weight, {shape, values: nearest});
		}
	}

	return evaluate({graph: {...graph, tensors}, normalisation}, image, (value, computed) => {
		const range = graph.nodes[value - 1]?.range;
		const scale = range === undefined ? 1 : (range.high - range.low) / 255;
		const lowest = range === undefined ? 0 : Math.round(range.low / scale);
		const nearest = (number: number) => Math.min(lowest + 255, Math.max(lowest, Math.round(number / scale))) * scale;
		return range === undefined ? computed : computed.map(nearest);
	});
};

for (const {name, net} of models) {
	test(`whole numbers of a ${name} net that was trained for them are those of its training`, async t => {
		const file = await randomModel(t, net, {quantize: 'int8'});
		const [count, length] = [20, net.channels * net.size ** 2];
		const {folder, evidence} = await exported(t, file, noiseSource(net, count), {maxLoss: 100});
		t.is(evidence.ranges, 'training');
		const model = await readModel(file);
		const runtime = await compiled(folder, 'net', model, new AbortController().signal);
		const pixels = noise(count * length, 5);
		const logits = 'logits' in runtime ? await runtime.logits(pixels) : new Float32Array();
		await ('logits' in runtime && runtime.close?.());
		const expected = Array.from({length: count}, (_, index) => [
			...rounded(model, pixels.subarray(index * length, (index + 1) * length)),
		]).flat();
		const spread = Math.max(...expected) - Math.min(...expected);
		const apart = Math.max(...expected.map((value, index) => Math.abs(value - (logits[index] ?? Number.NaN))));
		t.true(apart < spread / 25, `${apart} of ${spread}`); // a number between two others may be rounded to either
	});
}

test('ranges of training are said in the evidence, which a check repeats', async t => {
	const data = noiseSource(plainNet, 40);
	const {folder, evidence} = await exported(t, await randomModel(t, plainNet, {quantize: 'int8'}), data, {
		maxLoss: 100,
	});
	t.is(evidence.ranges, 'training');
	t.true((await checkExport(folder, {data})).agrees);
	t.is((await exported(t, plain, data, {maxLoss: 100})).evidence.ranges, 'images');
});

test.serial('whole numbers are the same by any compiler, without floats, and on a Cortex-M4', async t => {
	for (const {file, net} of models) {
		const images = 30;
		const data = noiseSource(net, images);
		const seen = new Set<string>();
		for (const flags of ['-O0', '-O3', '-Os -fwrapv']) {
			const compiler = path.join(temporaryFolder(t), 'cc');
			writeFileSync(compiler, `#!/bin/sh\nexec cc "$@" ${flags}\n`);
			chmodSync(compiler, 0o755);
			process.env['CC'] = compiler;
			const {evidence, folder} = await exported(t, file, data, {maxLoss: 100});
			const {runtime: _, ...answers} = evidence.answers[0] ?? {};
			seen.add(JSON.stringify({...answers, sha256: evidence.files.map(({sha256}) => sha256)}));
			const source = readFileSync(path.join(folder, 'net.c'), 'utf8').replace(/static int answer[\s\S]*?\n}\n/, '');
			t.notRegex(source.replace('float *logits)', ''), /\bfloat\b|\bdouble\b|math\.h/);
		}

		delete process.env['CC'];
		t.is(seen.size, 1);
	}
});

test('on a Cortex-M4 whole numbers are those of the machine', async t => {
	for (const {file, net} of models) {
		const {evidence} = await exported(t, file, noiseSource(net, 15), {maxLoss: 100});
		const [machine, device] = evidence.answers;
		if (device === undefined) {
			t.log('skipped: arm-none-eabi-gcc and qemu-system-arm are not installed');
			t.is(evidence.missing[0]?.runtime, 'Cortex-M4');
		} else {
			t.is(device.largestDifference, machine?.largestDifference ?? -1);
			t.deepEqual(device.accuracy, machine?.accuracy);
		}
	}
});

test('sums have no undefined behaviour', async t => {
	for (const {file, net} of models) {
		const {folder} = await exported(t, file, noiseSource(net, 15), {maxLoss: 100});
		const pixels = noise(8 * net.channels * net.size ** 2, 7);
		const extremes = [pixels, pixels.map(() => 0), pixels.map(() => 255), pixels.map((_, index) => (index % 2) * 255)];
		const main = `#include "net.h"
static const uint8_t pixels[] = {${Buffer.concat(extremes).join()}};
int main(void) { for (unsigned i = 0; i < sizeof pixels / NET_PIXELS; i++) net_predict(pixels + i * NET_PIXELS, NULL); return 0; }
`;
		writeFileSync(path.join(folder, 'main.c'), main.replace('"net.h"', '"net.h"\n#include <stddef.h>'));
		const flags = '-std=c99 -g -fsanitize=undefined,address -fno-sanitize-recover=all';
		const {status, stderr} = spawnSync('sh', ['-c', `cc ${flags} main.c net.c && ./a.out`], {
			cwd: folder,
			encoding: 'utf8',
		});
		t.is(status, 0, stderr);
	}
});

test('products are divided and rounded as exact numbers are', t => {
	const cases = [...noise(400, 4)].map((byte, index) => ({
		product: (BigInt(byte) - 128n) * (1n << BigInt((index * 7) % 54)) + BigInt((index % 5) - 2),
		shift: 1 + ((index * 11) % 62),
	}));
	const folder = temporaryFolder(t);
	const calls = cases.map(({product, shift}) => `printf("%ld\\n", (long)scaled(INT64_C(${product}), ${shift}));`);
	const main = `#include <stdint.h>\n#include <stdio.h>\n${operations.scaled}\nint main(void) {\n${calls.join('\n')}\nreturn 0; }\n`;
	writeFileSync(path.join(folder, 'main.c'), main);
	const {stdout, stderr} = spawnSync('sh', ['-c', 'cc -std=c99 main.c && ./a.out'], {cwd: folder, encoding: 'utf8'});
	const floor = (numerator: bigint, denominator: bigint) =>
		numerator / denominator - (numerator % denominator < 0n ? 1n : 0n);
	const limit = 1n << 30n;
	const expected = cases.map(({product, shift}) => {
		const rounded = floor(2n * product + (1n << BigInt(shift)), 2n << BigInt(shift)); // floor(product / 2^shift + 1/2)
		return rounded < -limit ? -limit : rounded > limit ? limit : rounded;
	});
	t.deepEqual(stdout.trim().split('\n').map(BigInt), expected, stderr);
});

test('a factor has 31 bits', t => {
	for (const factor of [1, 0.5, 1 / 3, 0.999_999_999_9, 1e-5, 123.456, 2 ** -31]) {
		const {multiplier, shift} = fixedPoint(factor);
		t.true(multiplier >= 2 ** 30 && multiplier < 2 ** 31 && shift >= 1 && shift <= 62);
		t.true(Math.abs(multiplier / 2 ** shift / factor - 1) <= 2 ** -31, String(factor));
	}

	t.deepEqual(fixedPoint(2 ** -40), {multiplier: 0, shift: 1});
});

test('a channel of weights that are almost zero keeps its bias', async t => {
	const model = await readModel(plain);
	const conv = {
		kind: 'conv',
		weight: 'w',
		bias: 'b',
		kernel: 1,
		stride: 1,
		padding: 0,
		dilation: 1,
		groups: 1,
	} as const;
	const tensors = new Map([
		['w', {shape: [2, 1, 1, 1], values: Float32Array.of(1e-30, 0)}],
		['b', {shape: [2], values: Float32Array.of(3, -2)}],
	]);
	const {biases, scales} = quantizeConv({...model.graph, tensors}, conv, {scale: 0.1, zero: 5}, 1);
	t.true([...biases].every(bias => Math.abs(bias) <= 2 ** 30));
	t.deepEqual(
		[...biases].map((bias, channel) => Math.fround(bias * (scales[channel] ?? 0) * 0.1)),
		[3, -2],
	);
});

test('a layer whose sums need more than 32 bits is refused', async t => {
	const model = await readModel(plain);
	const conv = {kind: 'conv', weight: 'w', kernel: 1, stride: 1, padding: 0, dilation: 1, groups: 1} as const;
	const tensors = new Map([['w', {shape: [1, 140_000, 1, 1], values: new Float32Array(140_000).fill(1)}]]);
	t.throws(() => quantizeConv({...model.graph, tensors}, conv, {scale: 1, zero: 0}, 1), {
		instanceOf: ConfigError,
		message: /`int8` should be left out for this net: the sums of each layer must fit 32 bits, got 140000 inputs/,
	});
});

test('MNIST’s last net works in less than 16 KB of RAM', async t => {
	const net = ladder.step('weight-averaging').experiment.net;
	const {folder} = await exported(t, await randomModel(t, net), noiseSource(net, 4), {maxLoss: 100});
	const bytes = Number(/NET_WORKSPACE (\d+)/.exec(readFileSync(path.join(folder, 'net.h'), 'utf8'))?.[1]);
	t.is(bytes, 10_156);
});

test('a loss above the limit is refused, with the layer that loses most', async t => {
	// Labels are the answers of the model itself, so that each other answer is a loss; training images have a hundredth of the range.
	const pixels = noise(200 * 169, 3);
	const logits = unwrap(await unwrap(await native().loadModel(plain)).logits(pixels));
	const labels = Array.from({length: 200}, (_, index) => {
		const values = [...logits.subarray(3 * index, 3 * index + 3)];
		return values.indexOf(Math.max(...values));
	});
	const dark = noise(30 * 169, 1).map(level => 120 + (level >> 6));
	const data = arrays({
		...{name: 'loss', size: 13, channels: 1, classes: ['a', 'b', 'c']},
		train: {images: dark, labels: Array.from({length: 30}, (_, index) => index % 3)},
		test: {images: pixels, labels},
	});
	const out = path.join(temporaryFolder(t), 'out');
	await t.throwsAsync(exported(t, plain, data, {out}), {
		instanceOf: ConfigError,
		message:
			/^`int8` should be left out, `maxLoss` raised, or the model trained on with `quantize: 'int8'`: whole numbers may lose 0\.1 points of accuracy, got a loss of \d+\.\d+ points on loss, test, most of it in the layer `[\w.]+`$/,
	});
	t.false(existsSync(out));
	const {evidence} = await exported(t, plain, data, {maxLoss: 100});
	const accuracy = evidence.answers[0]?.accuracy;
	t.is(accuracy?.model, 200);
	t.is(accuracy?.onlyExport, 0);
	t.is(accuracy?.onlyModel, evidence.answers[0]?.differ);
});

test('right answers are counted again by a check', async t => {
	const data = noiseSource(plainNet, 40);
	const {folder, evidence} = await exported(t, plain, data, {maxLoss: 100});
	t.regex(readFileSync(path.join(folder, 'README.md'), 'utf8'), /whole numbers of a byte/);
	const {agrees, now} = await checkExport(folder, {data});
	t.true(agrees);
	t.deepEqual(now?.answers[0], evidence.answers[0]);
	t.is((await checkExport(folder)).agrees, false); // on noise, which has no labels: other images
});

test('the evaluator that ranges are from gives the logits of the model', async t => {
	for (const {file, net} of models) {
		const model = await readModel(file);
		const image = noise(net.channels * net.size ** 2, 8);
		const logits = unwrap(await unwrap(await native().loadModel(file)).logits(image));
		const seen: number[] = [];
		const computed = evaluate(model, image, (value, numbers) => {
			seen.push(value);
			return numbers;
		});
		t.true(computed.every((value, label) => Math.abs(value - (logits[label] ?? 0)) < 1e-6));
		t.deepEqual(seen, [...Array.from({length: model.graph.nodes.length + 1}).keys()]);
		const {graph} = asWritten(model, {keepsDropouts: false}, true);
		t.true(planMemory(graph).size > 0);
	}
});

const refuses = test.macro(async (t, options: Partial<ExportOptions>, message: RegExp) => {
	const out = path.join(temporaryFolder(t), 'out');
	await t.throwsAsync(exportModel(plain, {format: 'c', out, data: noiseSource(plainNet, 4), ...options}), {
		instanceOf: ConfigError,
		message,
	});
	t.false(existsSync(out));
});
test(
	'whole numbers in another format',
	refuses,
	{format: 'js', int8: true},
	/`int8` should be left out for all formats but c/,
);
test(
	'a limit of loss without whole numbers',
	refuses,
	{maxLoss: 1},
	/`maxLoss` should be left out without int8, got 1/,
);
test('a negative limit', refuses, {int8: true, maxLoss: -1}, /`maxLoss`/);

test('whole numbers without images to choose ranges by are refused', async t => {
	await t.throwsAsync(exportModel(plain, {format: 'c', int8: true, out: path.join(temporaryFolder(t), 'out')}), {
		instanceOf: ConfigError,
		message: /`data` should be labelled images with training images, by which int8 chooses its ranges .*, got nothing/,
	});
	const {exitCode, stderr} = await cli('export', plain, '--format', 'c', '--int8', '--max-loss', 'much');
	t.is(exitCode, 2);
	t.regex(stderr, /a number of points is expected/);
});
