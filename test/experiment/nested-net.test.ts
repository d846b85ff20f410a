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

test('a net’s table indents layers that are within others', t => {
	const table = summaryTable(summarize(withBody([block, residual]).net));
	const operations = table
		.split('\n')
		.slice(2, -1)
		.map(line => line.split(/ {2,}/)[0]?.replaceAll('\u00A0', '_').trimEnd());
	t.deepEqual(operations, [
		'conv 3x3 + relu',
		'residual: add + relu',
		'__separable',
		'____depthwise conv 3x3, stride 2 + relu',
		'____conv 1x1 + relu',
		'__conv 3x3 + relu',
		'__conv 1x1, stride 2',
		'flatten + linear',
	]);
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
