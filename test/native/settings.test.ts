import test from 'ava';
import {
	type Augmentation,
	asExperiment,
	type Experiment,
	type Optimizer,
	type Schedule,
	type WarmUp,
} from '../../ts/experiment/experiment.js';
import {ConfigError} from '../../ts/index.js';
import {native} from '../../ts/native/load.js';
import {objectsWithin, readSettings} from '../helpers/settings.js';

/** A value with every setting that it may have. */
type Complete<Value> = Value extends object
	? {[Key in keyof Value]-?: Complete<Exclude<Value[Key], undefined>>}
	: Value;

const separable = {
	...{channels: 8, kernel: 3, padding: 1, stride: 1, dilation: 1, between: false},
	activation: 'hard-swish',
} as const;

const limits = {decayed: 'weights', clipNorm: 1} as const;
const sgd: Complete<Optimizer> = {kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.0001, ...limits};
const adamw: Complete<Optimizer> = {
	...{kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01},
	...limits,
};

const ranges: Complete<Augmentation> = {
	...{rotation: 10, translation: 0.1, scaleMin: 0.9, scaleMax: 1.1, shear: 5},
	...{brightness: 0.2, contrast: 0.2},
};

const transforms: Complete<Augmentation> = [
	{
		...{kind: 'affine', rotation: 10, translation: 0.1, scaleMin: 0.9, scaleMax: 1.1, shear: 5},
		fill: 'edge',
	},
	{kind: 'flip', direction: 'horizontal', probability: 0.5},
	{kind: 'crop', padding: 2, size: 24, fill: 'black'},
	{
		...{kind: 'erase', probability: 0.5, areaMin: 0.02, areaMax: 0.33, ratioMin: 0.3, ratioMax: 3.3},
		fill: 'white',
	},
	{kind: 'elastic', alpha: 50, sigma: 5, fill: 'black'},
	{kind: 'colour', brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.1},
	{kind: 'noise', sigma: 0.1},
	{kind: 'blur', kernel: 3, sigmaMin: 0.1, sigmaMax: 2},
	{kind: 'mixup', alpha: 1, probability: 0.5},
	{kind: 'cutmix', alpha: 1, probability: 0.5},
];

/** A complete experiment. */
const experiment = (
	schedule: Complete<Schedule>,
	optimizer: Complete<Optimizer> = sgd,
	augmentation: Complete<Augmentation> = ranges,
): Complete<Experiment> => ({
	net: {
		...{channels: 3, size: 28, classes: 10},
		block: {
			...{order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0.1},
			...{activation: 'silu', normMomentum: 0.1, normEpsilon: 1e-5},
		},
		body: [
			{
				...{kind: 'block', channels: 8, kernel: 3, padding: 1},
				...{stride: 1, groups: 1, dilation: 1, activation: 'relu6'},
			},
			{kind: 'max-pool', kernel: 2, stride: 2, padding: 0},
			{kind: 'conv', channels: 8, kernel: 1, padding: 0, bias: true, stride: 1, groups: 'depthwise', dilation: 1},
			{
				...{kind: 'separable', channels: 8, kernel: 3, padding: 1, stride: 1, dilation: 1},
				...{activation: 'gelu', between: true},
			},
			{
				kind: 'residual',
				layers: [
					{kind: 'concat', branches: [[{kind: 'squeeze-excite', channels: 2}]]},
					{kind: 'repeat', times: 2, layers: [{kind: 'separable', ...separable}]},
				],
				shortcut: 'identity',
				activation: 'relu',
				zeroInit: true,
			},
		],
		head: [
			{kind: 'average-pool', kernel: 2, stride: 1, padding: 0},
			{kind: 'global-average-pool'},
			{kind: 'linear', features: 10, bias: true, activation: 'none'},
			{kind: 'flatten'},
		],
	},
	augmentation,
	optimizer,
	schedule,
	averaging: {decay: 0.9},
	quantize: 'int8',
	start: {from: 'runs/first', sha256: '0'.repeat(64), freeze: ['body.0']},
	loss: {
		classWeights: 'balanced',
		teacher: {from: 'runs/first', sha256: '0'.repeat(64), temperature: 4, weight: 0.5},
	},
	...{labelSmoothing: 0.1, batchSize: 64, epochs: 3},
});

const constant: Complete<Schedule> = {kind: 'constant', learningRate: 0.1};
const oneCycle: Complete<Schedule> = {
	kind: 'one-cycle',
	...{maxLearningRate: 0.1, pctStart: 0.3, divFactor: 25, finalDivFactor: 10_000},
	cycleMomentum: {base: 0.85, max: 0.95},
};

// Exactly one setting of a warm-up is given.
const epochs = {epochs: 1} as Complete<WarmUp>;
const share = {share: 0.1} as Complete<WarmUp>;
const annealing = {learningRate: 0.1, finalLearningRate: 0.001};
const cosine: Complete<Schedule> = {kind: 'cosine', ...annealing, warmUp: epochs};
const linear: Complete<Schedule> = {kind: 'linear', ...annealing, warmUp: share};
const stepwise: Complete<Schedule> = {kind: 'step', learningRate: 0.1, stepSize: 1, gamma: 0.1, warmUp: epochs};

/** Experiments with each kind of schedule and optimizer. */
const ofEachKind = [
	...[oneCycle, constant, cosine, linear, stepwise].map(schedule => experiment(schedule)),
	experiment(constant, adamw),
];

const wrong = [NaN, Infinity, -Infinity, -0, -1, 1.5, 1e-17, 4_294_967_297, 1e20];

type Holder = Record<string, unknown>;

/** Every value within another, with its path and the object that holds it. */
const values = (whole: object, within = ''): {path: string; holder: Holder; name: string; value: unknown}[] => {
	const holder = whole as Holder;
	return Object.entries(holder).flatMap(([name, value]) => {
		const path = within + name;
		const inner = typeof value === 'object' && value !== null ? values(value, `${path}.`) : [];
		return [{path, holder, name, value}, ...inner];
	});
};

const answer = (typed: object): string => {
	const found = native().learningRates(typed, 60_000);
	return 'message' in found ? found.message : 'taken';
};

/** The addon’s answer to each wrong number, one at a time in the place of each number of an experiment. */
const answers = (...parts: Parameters<typeof experiment>): Record<string, string[]> => {
	const typed = structuredClone(experiment(...parts));
	const table: Record<string, string[]> = {};
	for (const {path, holder, name, value} of values(typed).filter(({value}) => typeof value === 'number')) {
		table[path] = wrong.map(number => {
			holder[name] = number;
			return `${Object.is(number, -0) ? '-0' : number}: ${answer(typed)}`;
		});
		holder[name] = value;
	}

	return table;
};

test('each setting that is a number refuses a wrong one by a sentence with its path', t => {
	t.snapshot(answers(oneCycle));
	t.snapshot(answers(constant)['schedule.learningRate']);
	const within = (part: string, found: Record<string, string[]>) =>
		Object.fromEntries(Object.entries(found).filter(([path]) => path.startsWith(`${part}.`)));
	for (const schedule of [cosine, linear, stepwise]) {
		t.snapshot(within('schedule', answers(schedule)));
	}

	t.snapshot(within('optimizer', answers(constant, adamw)));
	t.snapshot(within('augmentation', answers(constant, sgd, transforms)));
});

test('classes have a weight each, above 0', t => {
	const weighted = (...classWeights: unknown[]) => answer({...experiment(constant), loss: {classWeights}});
	t.is(weighted(...Array.from({length: 10}, () => 0.5)), 'taken');
	t.is(weighted(1, 2), '`loss.classWeights` should be a number for each of the net’s 10 classes, got 2');
	for (const number of [0, -1, NaN, 1e7]) {
		t.is(
			weighted(number, ...Array.from({length: 9}, () => 1)),
			`\`loss.classWeights.0\` should be a number above 0 and at most 1000000, got ${number}`,
		);
	}

	t.throws(() => asExperiment({...experiment(constant), loss: {classWeights: [1, '2']}}), {
		message: /^`loss\.classWeights` should be a list of numbers or one of `balanced`, got /,
	});
});

test('a warm-up is given in epochs or as a share of all steps', t => {
	for (const [warmUp, got] of [
		[{epochs: 1, share: 0.1}, 'both'],
		[{}, 'neither'],
	] as const) {
		t.is(
			answer({...experiment(constant), schedule: {kind: 'cosine', learningRate: 0.1, warmUp}}),
			`\`schedule.warmUp\` should be either \`epochs\` or \`share\`, got ${got}`,
		);
	}
});

test('of several wrong numbers the first is named', t => {
	const several = experiment(constant);
	const {net} = several;
	net.classes = 1.5;
	net.body = [
		{kind: 'conv', channels: 8, kernel: -1, padding: 2.5, bias: true, stride: 1, groups: 1, dilation: 1},
		{kind: 'max-pool', kernel: NaN, stride: 1, padding: 0},
	];
	several.labelSmoothing = 1.5;
	several.batchSize = 0.5;
	t.is(answer(several), '`net.classes` should be a whole number, at least 0, got 1.5');
	net.classes = 10;
	t.is(answer(several), '`net.body.0.kernel` should be a whole number, at least 0, got -1');
	net.body = [];
	t.is(answer(several), '`batchSize` should be a whole number from 1 to 65536, got 0.5');
	several.batchSize = 64;
	t.is(answer(several), '`labelSmoothing` should be a number at least 0 and below 1, got 1.5');
});

/** The names in a sentence that ends in a list of them. */
const names = (sentence: string): string[] =>
	[...(/(?:expected|one of) (.*)/.exec(sentence)?.[1] ?? '').matchAll(/`([^`]+)`/g)]
		.map(([, name = '']) => name)
		.sort();

test('TypeScript and the trainer have the same names', t => {
	for (const one of ofEachKind) {
		const typed = structuredClone(one);
		t.is(answer(typed), 'taken');
		const objects = values(typed).filter(({value}) => typeof value === 'object' && !Array.isArray(value));
		for (const {path, value} of [{path: '', value: typed}, ...objects]) {
			const holder = value as Holder;
			if (holder['kind'] === 'flatten' || holder['kind'] === 'global-average-pool') {
				continue; // serde ignores fields of variants that have none
			}

			holder['x'] = 1;
			const known =
				path === 'schedule.warmUp'
					? ['epochs', 'share']
					: Object.keys(holder).filter(name => name !== 'kind' && name !== 'x');
			t.deepEqual(names(answer(typed)), known.sort(), path);
			delete holder['x'];
		}

		const named = values(typed).filter(
			({path, value}) => typeof value === 'string' && !/^(start|loss\.teacher)\./.test(path), // files and hashes
		);
		for (const {path, holder, name, value} of named) {
			holder[name] = 'x';
			const error = t.throws(() => asExperiment(typed), {instanceOf: ConfigError});
			t.true(names(error.message).includes(value as string), path);
			t.deepEqual(names(answer(typed)), names(error.message), path);
			holder[name] = value;
		}
	}
});

/** Returns the ranges that the addon names for a number: above and below all that may be valid. */
const rangesOf = (typed: object, holder: Holder, name: string, path: string): string[] => {
	const value = holder[name];
	const ranges = [2 ** 52, -1, 0].flatMap(number => {
		holder[name] = number;
		const [, range] =
			new RegExp(`^\`${path.replaceAll('.', '\\.')}\` should be an? (.*), got`).exec(answer(typed)) ?? [];
		return range === undefined || range === 'whole number, at least 0' ? [] : [range]; // that is what whole numbers are asked first
	});
	holder[name] = value;
	return ranges;
};

/** Fills in the values of other settings: \`at least \`scaleMin\`\` becomes \`at least 0.9\`. */
const withValues = (range: string, holder: Holder): string =>
	range
		.replace(/half of `(\w+)`/, (_, name) => String(Math.floor(Number(holder[name]) / 2)))
		.replace(/`(\w+)`/, (_, name) => String(holder[name]));

test('the documented range of each setting is the trainer’s', async t => {
	const {types} = await readSettings();
	for (const one of ofEachKind) {
		const typed = structuredClone(one);
		for (const {path: within, holder, properties} of objectsWithin(types, {is: 'type', name: 'Experiment'}, typed)) {
			for (const {name, isNumber, comment} of properties?.settings ?? []) {
				if (isNumber && typeof holder[name] === 'number') {
					const path = within === '' ? name : `${within}.${name}`;
					const found = rangesOf(typed, holder as Holder, name, path);
					const documented = withValues(comment.range ?? '', holder);
					t.true(
						found.includes(documented),
						`${path}: documented ${documented}, the trainer says ${found.join(' or ')}`,
					);
				}
			}
		}
	}
});
