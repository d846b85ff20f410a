import test from 'ava';
import {native} from '../../ts/native/load.js';
import type {Experiment} from '../../ts/terms/experiment.js';

/** An experiment with every setting that is a number, on either schedule. */
const experiment = (schedule: Experiment['schedule']): Experiment => ({
	net: {
		...{channels: 1, size: 28, classes: 10},
		block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0.1},
		body: [
			{kind: 'block', channels: 8, kernel: 3, padding: 1},
			{kind: 'max-pool', kernel: 2},
			{kind: 'conv', channels: 10, kernel: 1, padding: 0, bias: true},
		],
		head: [{kind: 'average-pool', kernel: 14}, {kind: 'flatten'}],
	},
	augmentation: {
		...{rotation: 10, translation: 0.1, scaleMin: 0.9, scaleMax: 1.1, shear: 5},
		...{brightness: 0.2, contrast: 0.2},
	},
	optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0.0001},
	schedule,
	averaging: {decay: 0.9},
	...{labelSmoothing: 0.1, batchSize: 64, epochs: 3},
});

const constant: Experiment['schedule'] = {kind: 'constant', learningRate: 0.1};
const oneCycle: Experiment['schedule'] = {
	kind: 'one-cycle',
	...{maxLearningRate: 0.1, pctStart: 0.3, divFactor: 25, finalDivFactor: 10_000},
	cycleMomentum: {base: 0.85, max: 0.95},
};

const wrong = [NaN, Infinity, -Infinity, -0, -1, 1.5, 1e-17, 4_294_967_297, 1e20];

type Holder = Record<string, unknown>;

/** Every number within a value, with its path and the object that holds it. */
const numbers = (value: object, within = ''): {path: string; holder: Holder; name: string}[] => {
	const holder = value as Holder;
	return Object.entries(holder).flatMap(([name, value]) => {
		const path = within + name;
		if (typeof value === 'number') {
			return [{path, holder, name}];
		}

		return typeof value === 'object' && value !== null ? numbers(value, `${path}.`) : [];
	});
};

/** The addon’s answer to each wrong number, one at a time in the place of each number of an experiment. */
const answers = (schedule: Experiment['schedule']): Record<string, string[]> => {
	const typed = experiment(structuredClone(schedule));
	const table: Record<string, string[]> = {};
	for (const {path, holder, name} of numbers(typed)) {
		const right = holder[name];
		table[path] = wrong.map(number => {
			holder[name] = number;
			const found = native().learningRates(typed, 60_000);
			return `${Object.is(number, -0) ? '-0' : number}: ${'message' in found ? found.message : 'taken'}`;
		});
		holder[name] = right;
	}

	return table;
};

test('each setting that is a number refuses a wrong one by a sentence with its path', t => {
	t.snapshot(answers(oneCycle));
	t.snapshot(answers(constant)['schedule.learningRate']);
});

test('of several wrong numbers the first is named', t => {
	const several = experiment(constant);
	const {net} = several;
	net.classes = 1.5;
	net.body = [
		{kind: 'conv', channels: 8, kernel: -1, padding: 2.5, bias: true},
		{kind: 'max-pool', kernel: NaN},
	];
	several.labelSmoothing = 1.5;
	several.batchSize = 0.5;
	const first = (): string => {
		const found = native().learningRates(several, 60_000);
		return 'message' in found ? found.message : 'taken';
	};

	t.is(first(), '`net.classes` should be a whole number, at least 0, got 1.5');
	net.classes = 10;
	t.is(first(), '`net.body.0.kernel` should be a whole number, at least 0, got -1');
	net.body = [];
	t.is(first(), '`batchSize` should be a whole number from 1 to 65536, got 0.5');
	several.batchSize = 64;
	t.is(first(), '`labelSmoothing` should be a number at least 0 and below 1, got 1.5');
});
