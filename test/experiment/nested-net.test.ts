import test from 'ava';
import {aspectsChanged} from '../../ts/experiment/difference.js';
import type {Layer} from '../../ts/experiment/experiment.js';
import {ConfigError, ShapeError, summarize} from '../../ts/index.js';
import {changesBetween} from '../../ts/report/changes.js';
import {summaryTable} from '../../ts/report/summary-table.js';
import {ladder} from '../helpers/mnist.js';

const {experiment} = ladder.step('base-skeleton');

const block: Layer = {kind: 'block', channels: 8, kernel: 3, padding: 1};
const residual: Layer = {
	...{kind: 'residual', shortcut: 'conv', activation: 'relu'},
	layers: [
		{kind: 'separable', channels: 16, kernel: 3, padding: 1, stride: 2},
		{...block, channels: 16},
	],
};

const withBody = (body: Layer[]) => ({
	...experiment,
	net: {...experiment.net, body, head: [{kind: 'linear', features: 10} as const]},
});

/** The operations of a net's table, with a space for each no-break space. */
const operationsOf = (body: Layer[]): string[] => {
	const lines = summaryTable(summarize(withBody(body).net))
		.replaceAll('\u00A0', ' ')
		.split('\n')
		.slice(2, -1);
	return lines.map(line => line.replace(/ {2,}\d.*$/, ''));
};

test('a net’s table draws layers that are within others as a tree', t => {
	t.deepEqual(operationsOf([block, residual]), [
		'conv 3x3 + relu',
		'residual: add + relu',
		'├ separable',
		'│ ├ depthwise conv 3x3, stride 2 + relu',
		'│ └ conv 1x1 + relu',
		'├ conv 3x3 + relu',
		'└ shortcut: conv 1x1, stride 2',
		'flatten + linear',
	]);
	const same: Layer = {kind: 'conv', channels: 8, kernel: 1, padding: 0, bias: true};
	const branches: Layer[][] = [[same, same], [{kind: 'squeeze-excite', channels: 2}], []];
	t.deepEqual(operationsOf([block, {kind: 'repeat', times: 3, layers: [{kind: 'residual', layers: [same]}]}]), [
		'conv 3x3 + relu',
		'repeat 3 times',
		'└ residual: add',
		'  └ conv 1x1',
		'flatten + linear',
	]);
	t.deepEqual(operationsOf([block, {kind: 'concat', branches}]), [
		'conv 3x3 + relu',
		'concat with the input',
		'├ branch 1: conv 1x1',
		'├ branch 1: conv 1x1',
		'└ branch 2: squeeze-excite: global average pool + conv 1x1 + relu + conv 1x1 + sigmoid + scale',
		'flatten + linear',
	]);
});

test('the receptive field of branches is the largest, of a repetition that of its last time', t => {
	const conv = (kernel: number, channels = 8): Layer => ({
		kind: 'conv',
		channels,
		kernel,
		padding: (kernel - 1) / 2,
		bias: true,
	});
	const {rows} = summarize(
		withBody([
			conv(3), // 3
			{kind: 'concat', branches: [[conv(5)], [conv(3)], []]}, // 3 + 4 at most
			{kind: 'repeat', times: 2, layers: [conv(3, 24)]}, // 7 + 2 + 2
		]).net,
	);
	const fields = rows.map(({layer, fieldOut}) => [layer, fieldOut]);
	t.deepEqual(fields.slice(0, 4), [
		['body.0', 3],
		['body.1', 7],
		['body.1.branches.0.0', 7],
		['body.1.branches.1.0', 5],
	]);
	t.deepEqual(Object.fromEntries(fields)['body.2'], 11);
});

test('a change within a residual is one line beside the other net', t => {
	const change = {...residual, layers: [block, {...block, channels: 16, groups: 'depthwise'}]} as Layer;
	const {layers} = changesBetween(withBody([block, residual]), withBody([block, change]));
	t.deepEqual(
		layers.map(({before, after}) => [before, after].map(text => text.replaceAll('\u00A0', '_'))),
		[
			['block 3 x 3 to 8 channels, padding 1', 'block 3 x 3 to 8 channels, padding 1'],
			['residual, shortcut conv, activation relu', 'residual, shortcut conv, activation relu'],
			['__separable 3 x 3 to 16 channels, padding 1, stride 2', '__block 3 x 3 to 8 channels, padding 1'],
			['__block 3 x 3 to 16 channels, padding 1', '__block 3 x 3 to 16 channels, padding 1, groups depthwise'],
			['linear, features 10', 'linear, features 10'],
		],
	);
});

test('branches are listed below their concat', t => {
	const concat: Layer = {kind: 'concat', branches: [[block], []]};
	const {layers} = changesBetween(withBody([block]), withBody([block, concat]));
	t.deepEqual(
		layers.filter(({changed}) => changed).map(({after}) => after.replaceAll('\u00A0', '_')),
		['concat', '__branch 1', '____block 3 x 3 to 8 channels, padding 1', '__branch 2', '____input'],
	);
});

test('layers are one aspect, the activation of all blocks another', t => {
	const before = withBody([block, residual]);
	t.deepEqual(aspectsChanged(before, withBody([block])), ['whole net']);
	const {net} = before;
	const after = {...before, net: {...net, block: {...net.block, activation: 'silu' as const}}};
	t.deepEqual(aspectsChanged(before, after), ['net block']);
});

test('wrapping layers, adding one within another, and a head that fits are one aspect; epochs are another', t => {
	const before = withBody([block, {...block, kernel: 1, padding: 0}]);
	const wrapped = withBody([{kind: 'residual', layers: before.net.body}]);
	t.deepEqual(aspectsChanged(before, wrapped), ['whole net']);
	const deeper = withBody([{kind: 'residual', layers: [{kind: 'repeat', times: 2, layers: [block]}, block]}]);
	t.deepEqual(aspectsChanged(wrapped, deeper), ['whole net']);
	const {net} = deeper;
	const head: Layer[] = [{kind: 'global-average-pool'}, ...net.head];
	const all = {...deeper, net: {...net, head, block: {...net.block, activation: 'gelu' as const}}};
	t.deepEqual(aspectsChanged(wrapped, all), ['whole net']);
	t.deepEqual(aspectsChanged(wrapped, {...wrapped, net: {...wrapped.net, head}}), ['net head']);
	t.deepEqual(aspectsChanged(wrapped, {...all, epochs: 99}), ['whole net', 'epochs']);
});

const refusal = (body: unknown) => {
	try {
		summarize(withBody(body as Layer[]).net);
	} catch (error) {
		return error;
	}

	return undefined;
};

test('ten thousand nested layers and a layer within itself are refused', t => {
	let deep: Layer = block;
	for (let level = 0; level < 10_000; level++) {
		deep = {kind: 'residual', layers: [deep]};
	}

	const circle = {kind: 'residual', layers: [] as unknown[]};
	circle.layers.push(circle);
	for (const layer of [deep, circle]) {
		const error = refusal([layer]);
		t.true(error instanceof ConfigError);
		t.regex((error as Error).message, /at most 16 levels of layers within layers/);
	}

	let seventeen: Layer = block;
	for (let level = 0; level < 17; level++) {
		seventeen = {kind: 'residual', layers: [seventeen]};
	}

	t.regex((refusal([seventeen]) as Error).message, /body\.0\.layers\.0.*at most 16 levels/);
});

test('an unknown setting and a wrong shape within a layer are named by their path', t => {
	const misspelt = refusal([{kind: 'residual', layers: [{...block, strides: 2}]}]);
	t.true(misspelt instanceof ConfigError);
	t.regex((misspelt as Error).message, /`net\.body\.0\.layers\.0\.strides`|`body\.0\.layers\.0\.strides`/);
	const shape = refusal([{kind: 'concat', branches: [[block], [{...block, stride: 2}]]}]);
	t.true(shape instanceof ShapeError);
	t.regex((shape as Error).message, /layer `body\.0\.branches\.1` \(concat\)/);
});
