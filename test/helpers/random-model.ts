import path from 'node:path';
import process from 'node:process';
import {arrays, type DataSource, defineStep, type Experiment, type Layer, type Net, train} from '../../ts/index.js';
import {type Ending, temporaryFolder} from './folder.js';

/** Returns bytes that look random, the same ones each time. */
export const noise = (length: number, seed = 1): Uint8Array => {
	let state = seed;
	return Uint8Array.from({length}, () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state >>> 24;
	});
};

/** Nets that have between them every layer, activation and attribute that there is. */
export const nets: Readonly<Record<string, Net>> = (() => {
	const block = {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0.1} as const;
	const other = {order: ['norm', 'relu', 'conv', 'dropout'], bias: true, norm: 'batch', dropout: 0} as const;
	const conv: Layer = {kind: 'conv', channels: 6, kernel: 3, padding: 1, bias: false};
	const head: Layer[] = [{kind: 'global-average-pool'}, {kind: 'linear', features: 3}];
	const of = (net: Partial<Net>): Net => ({
		...{channels: 1, size: 13, classes: 3, block: {...block, order: [...block.order]}, body: [], head},
		...net,
	});
	return {
		plain: of({
			body: [
				{kind: 'block', channels: 4, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 6, kernel: 1, padding: 0},
			],
		}),
		modern: of({
			...{channels: 3, size: 15},
			block: {...block, order: [...block.order], activation: 'hard-swish', normEpsilon: 1e-3},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 1, stride: 2},
				{kind: 'residual', activation: 'relu6', layers: [{kind: 'separable', channels: 8, kernel: 3, padding: 1}]},
				{kind: 'squeeze-excite', channels: 2},
				{
					...{kind: 'residual', shortcut: 'conv', activation: 'silu', zeroInit: true},
					layers: [{kind: 'separable', channels: 10, kernel: 5, padding: 2, stride: 2, between: false}],
				},
				{
					kind: 'concat',
					branches: [
						[{kind: 'block', channels: 3, kernel: 3, padding: 2, dilation: 2, activation: 'gelu'}],
						[],
						[{kind: 'max-pool', kernel: 3, stride: 1, padding: 1}],
						[
							{kind: 'average-pool', kernel: 3, stride: 1, padding: 1},
							{...conv, groups: 2, bias: true},
						],
					],
				},
				{
					kind: 'repeat',
					times: 3,
					layers: [{kind: 'block', channels: 29, kernel: 1, padding: 0, activation: 'leaky-relu'}],
				},
			],
			head: [
				{kind: 'flatten'},
				{kind: 'linear', features: 7, activation: 'elu'},
				{kind: 'linear', features: 3, bias: false},
			],
		}),
		// Norms before convolutions: that of the next repetition follows each convolution but the last.
		preactivated: of({
			block: {...other, order: [...other.order], activation: 'silu'},
			body: [
				conv,
				{kind: 'repeat', times: 2, layers: [{kind: 'block', channels: 6, kernel: 3, padding: 1}]},
				{kind: 'average-pool', kernel: 3, stride: 2},
			],
		}),
	};
})();

/** Images of noise for a net, in classes of equal size. */
export const noiseSource = ({channels, size, classes}: Net, count = 6): DataSource => {
	const set = (count: number, seed: number) => ({
		images: noise(count * channels * size ** 2, seed),
		labels: Array.from({length: count}, (_, index) => index % classes),
	});
	return arrays({
		...{size, channels: channels as 1 | 3, name: 'noise', train: set(4 * classes, 1), test: set(count, 2)},
		classes: Array.from({length: classes}, (_, label) => `class "${label}"`),
	});
};

/** Trains a net for two epochs on noise, so that its weights and running statistics are of no special form. */
export const randomModel = async (t: Ending, net: Net, more: Pick<Experiment, 'quantize'> = {}): Promise<string> => {
	const out = temporaryFolder(t);
	const step = defineStep({
		name: 'random',
		experiment: {
			...{
				net,
				optimizer: {momentum: 0.9, nesterov: false, weightDecay: 0},
				labelSmoothing: 0,
				batchSize: 16,
				epochs: 2,
			},
			...more,
			schedule: {kind: 'constant', learningRate: 0.05},
		},
		target: {why: 'A test.', testAccuracy: 0.01, heldFor: 1, maxParameters: 10_000_000, maxEpochs: 2},
	});
	await train(step, {data: noiseSource(net), out}).result;
	return path.join(out, 'latest', 'model.safetensors');
};

/** Trains all of {@link nets}, for the tests of a file. */
export const randomModels = async (): Promise<Array<{name: string; net: Net; file: string}>> => {
	process.env['STEPLADDER_CACHE'] = path.join(process.cwd(), 'build', 'test-cache');
	const ending = {teardown: (work: () => void) => process.once('exit', work)} as Ending;
	const trained: Array<{name: string; net: Net; file: string}> = [];
	for (const [name, net] of Object.entries(nets)) {
		trained.push({name, net, file: await randomModel(ending, net)});
	}

	return trained;
};
