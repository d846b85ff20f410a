import {readFileSync} from 'node:fs';
import test from 'ava';
import {type Graph, lastReaders, shapeOf, tensorOf} from '../../ts/export/graph.js';
import {readModel} from '../../ts/export/read-model.js';
import {dropDropouts, foldNorms, tensorNames} from '../../ts/export/rewrites.js';
import {native} from '../../ts/native/load.js';
import {unwrap} from '../../ts/native/unwrap.js';
import {noise, randomModels} from '../helpers/random-model.js';

const models = await randomModels();
const [plain = '', modern = '', preactivated = ''] = models.map(({file}) => file);

/** Returns the tensors of a safetensors file, as its header names them. */
const tensorsIn = (file: string): Map<string, {shape: number[]; values: Float32Array}> => {
	const bytes = readFileSync(file);
	const length = Number(bytes.readBigUInt64LE());
	const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
	const named = Object.entries(header).filter(([name]) => name !== '__metadata__');
	return new Map(
		named.map(([name, about]) => {
			const {shape, data_offsets: offsets} = about as {shape: number[]; data_offsets: [number, number]};
			const [from, to] = offsets.map(offset => offset + 8 + length) as [number, number];
			return [name, {shape, values: new Float32Array(new Uint8Array(bytes.subarray(from, to)).buffer)}];
		}),
	);
};

for (const {name, file} of models) {
	test(`the graph of a ${name} net has the tensors of its model file, each read by a node`, async t => {
		const {graph} = await readModel(file);
		const expected = tensorsIn(file);
		t.deepEqual([...graph.tensors.keys()].sort(), [...expected.keys()].sort());
		for (const [name, {shape, values}] of graph.tensors) {
			t.deepEqual({shape, values}, expected.get(name), name);
		}

		const read = new Set(graph.nodes.flatMap(({op}) => tensorNames(op)));
		t.deepEqual([...read].sort(), [...expected.keys()].sort());
	});

	test(`shapes of a ${name} net’s values fit its windows and tensors`, async t => {
		const {graph, classes} = await readModel(file);
		for (const {op, inputs, shape, layer} of graph.nodes) {
			const before = inputs.map(input => shapeOf(graph, input));
			const [[channels, height, width] = [0, 0, 0]] = before;
			const side = (length: number, {kernel, stride, padding, dilation = 1}: Windows): number =>
				Math.floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
			switch (op.kind) {
				case 'conv': {
					const {shape: weight} = tensorOf(graph, op.weight);
					const [out = 0, ins = 0, ...window] = weight;
					t.deepEqual(shape, [out, side(height, op), side(width, op)], layer);
					t.is(ins * op.groups, channels, layer);
					t.deepEqual(window, weight.length === 2 ? [] : [op.kernel, op.kernel], layer);
					t.deepEqual(op.bias === undefined ? [out] : tensorOf(graph, op.bias).shape, [out], layer);
					break;
				}

				case 'max-pool':
				case 'average-pool': {
					t.deepEqual(shape, [channels, side(height, op), side(width, op)], layer);
					break;
				}

				case 'global-average-pool': {
					t.deepEqual(shape, [channels, 1, 1]);
					break;
				}

				case 'flatten': {
					t.deepEqual(shape, [channels * height * width, 1, 1]);
					break;
				}

				case 'concat': {
					t.deepEqual(shape, [before.reduce((sum, [channels]) => sum + channels, 0), height, width]);
					break;
				}

				case 'scale': {
					t.deepEqual(before, [shape, [channels, 1, 1]]);
					break;
				}

				case 'batch-norm': {
					t.deepEqual(shape, before[0]);
					t.true(tensorNames(op).every(name => tensorOf(graph, name).shape[0] === channels));
					break;
				}

				default: {
					t.true(
						before.every(other => other.join() === shape.join()),
						op.kind,
					);
				}
			}
		}

		t.deepEqual(shapeOf(graph, graph.output), [classes.length, 1, 1]);
	});
}

type Windows = {kernel: number; stride: number; padding: number; dilation?: number};

const kindsOf = ({nodes}: Graph): string => nodes.map(({op}) => op.kind).join(' ');

test('dropouts are removed, and their readers read what they read', async t => {
	const {graph} = await readModel(plain);
	t.is(
		kindsOf(dropDropouts(graph)),
		'conv batch-norm activation max-pool conv batch-norm activation global-average-pool flatten conv',
	);
	t.deepEqual(
		dropDropouts(graph).nodes.map(({inputs}) => inputs),
		dropDropouts(graph).nodes.map((_, place) => [place]),
	);
});

test('a norm is folded into the convolution that it alone reads, and its tensors are left out', async t => {
	const {graph} = await readModel(plain);
	const folded = foldNorms(dropDropouts(graph));
	t.is(kindsOf(folded), 'conv activation max-pool conv activation global-average-pool flatten conv');
	t.deepEqual(
		[...folded.tensors.keys()].sort(),
		['body.0.conv.bias', 'body.0.conv.weight', 'body.2.conv.bias', 'body.2.conv.weight'].concat([
			...['head.1.linear.bias', 'head.1.linear.weight'],
		]),
	);
	const values = (name: string): Float32Array => tensorOf(graph, `body.0.${name}`).values;
	const inverse = 1 / Math.sqrt((values('norm.running_var')[1] ?? 0) + 1e-5);
	const scale = (values('norm.weight')[1] ?? 0) * inverse;
	t.is(tensorOf(folded, 'body.0.conv.weight').values[9], Math.fround((values('conv.weight')[9] ?? 0) * scale));
	t.is(
		tensorOf(folded, 'body.0.conv.bias').values[1],
		Math.fround((values('norm.bias')[1] ?? 0) - (values('norm.running_mean')[1] ?? 0) * scale),
	);
});

test('a repeated convolution that a norm follows only sometimes is not folded', async t => {
	const {graph} = await readModel(preactivated);
	const rest = 'batch-norm activation conv average-pool global-average-pool flatten conv';
	t.is(kindsOf(graph), `conv batch-norm activation conv ${rest}`);
	t.is(kindsOf(foldNorms(graph)), `conv activation conv ${rest}`);
});

test('a value is read until its last reader, the output beyond all', async t => {
	const {graph} = await readModel(modern);
	const last = lastReaders(graph);
	for (const [place, {inputs}] of graph.nodes.entries()) {
		t.true(inputs.every(input => (last[input] ?? -1) >= place));
	}

	t.is(last[graph.output], graph.nodes.length);
});

test('a model’s logits are those whose softmax it predicts', async t => {
	const model = unwrap(await native().loadModel(modern));
	const pixels = noise(40 * 3 * 15 * 15, 9);
	const logits = unwrap(await model.logits(pixels));
	for (const [index, {label, probabilities}] of unwrap(await model.predict(pixels)).entries()) {
		const row = logits.slice(3 * index, 3 * index + 3);
		const powers = row.map(value => Math.exp(value - Math.max(...row)));
		const sum = powers.reduce((a, b) => a + b);
		t.is(label, row.indexOf(Math.max(...row)));
		t.true(probabilities.every((probability, label) => Math.abs(probability - (powers[label] ?? 0) / sum) < 1e-6));
	}

	const refused = await model.logits(new Uint8Array(5));
	t.regex('message' in refused ? refused.message : '', /whole images of 15 x 15 pixels, 675 bytes each, got 5 bytes/);
});
