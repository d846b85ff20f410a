import process from 'node:process';
import test from 'ava';
import * as stepladder from '../../ts/index.js';
import {type DataSource, type Ladder, openLadder, StepladderError, train} from '../../ts/index.js';
import {objectPaths, objectsWithin, readSettings} from '../helpers/settings.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const {arrays, csv, defineLadder, defineStep, evaluate, idx, imageFolder, mnist, npz, summarize} = stepladder;

const own = tinyLadder({teardown: work => process.once('exit', work)});
const ladder = await openLadder(own.folder);
const {experiment, target} = ladder.step('tiny');
await train(ladder.step('tiny'), {data: ladder.data, epochs: 1, out: `${own.folder}/runs`}).result;
const model = await stepladder.loadModel(`${own.folder}/runs/latest`);
const settings = await readSettings();

const signal = new AbortController().signal;
const set = {images: new Uint8Array(16), labels: [0]};
const split = {test: 0.2, validation: 0.2, seed: 1};
const sources: DataSource[] = [
	mnist(),
	...[idx('data'), imageFolder('images', {size: 28}), csv('a.csv', {label: 'label', split}), npz('a.npz')],
	...[arrays({train: set, test: set, size: 4}), ladder.data],
];

/** A function's settings, with every object that they may have within them, and calls with them. */
type Example = {
	readonly given: object;
	readonly calls: ReadonlyArray<(given: never) => unknown>;
};

const slurm = {time: 60};
const nowhere = {} as Ladder; // names are checked before anything else
const examples: Readonly<Record<string, Example>> = {
	'arrays given': {given: {train: set, validation: set, test: set, size: 4}, calls: [arrays]},
	'csv options': {given: {label: 'label', split}, calls: [given => csv('a.csv', given)]},
	'DataSource.open options': {
		given: {},
		calls: sources.map(source => async (given: never) => source.open('.', given)),
	},
	'idx options': {given: {}, calls: [given => idx('data', given)]},
	'imageFolder options': {given: {size: 28, split}, calls: [given => imageFolder('images', given)]},
	'npz options': {given: {}, calls: [given => npz('a.npz', given)]},
	'summarize net': {given: experiment.net, calls: [summarize]},
	'defineLadder definition': {
		given: {
			name: 'bars',
			data: ladder.data,
			target: {testAccuracy: 0.9},
			published: [{name: 'a', parameters: 1, accuracy: 0.9, source: 'b'}],
			slurm,
		},
		calls: [defineLadder],
	},
	'defineStep definition': {
		given: {
			name: 'first',
			target: {...target, why: 'A test.'},
			experiment: {
				...experiment,
				augmentation: {rotation: 1, translation: 0, scaleMin: 1, scaleMax: 1, shear: 0, brightness: 0, contrast: 0},
				averaging: {decay: 0.9},
				quantize: 'int8',
				loss: {classWeights: 'balanced', teacher: {from: 'runs/latest'}},
				start: {from: 'runs/latest'},
			},
		},
		calls: [defineStep],
	},
	'checkExport options': {given: {}, calls: [async given => stepladder.checkExport('export', given)]},
	'evaluate options': {given: {}, calls: [async given => evaluate('model', 'data', given)]},
	'exportModel options': {
		given: {format: 'js'},
		calls: [async given => stepladder.exportModel('model', given)],
	},
	'Model.predictImage options': {given: {}, calls: [async given => model.predictImage('a.png', given)]},
	'Model.predictImages options': {given: {}, calls: [async given => model.predictImages(['a.png'], given).next()]},
	'recordedModel options': {
		given: {},
		calls: [async given => stepladder.recordedModel(nowhere, 'first', 1, given)],
	},
	'predict options': {given: {}, calls: [async given => stepladder.predict('model', ['a.png'], given).next()]},
	'record given': {given: {slurm}, calls: [async given => stepladder.record(nowhere, 'tiny', given)]},
	'compareRuns options': {given: {}, calls: [async given => stepladder.compareRuns(['runs'], given)]},
	'report given': {given: {}, calls: [async given => stepladder.report(nowhere, given)]},
	'reportLadders given': {given: {}, calls: [async given => stepladder.reportLadders([nowhere], given)]},
	'reportRuns given': {given: {}, calls: [async given => stepladder.reportRuns(['runs'], given)]},
	'sweep options': {
		given: {
			vary: [{path: 'batchSize', range: {low: 1, high: 2, log: false}, when: {path: 'epochs', values: [1]}}],
			sample: 1,
			...{seeds: [1], holdout: 50, out: 'runs', slurm},
		},
		calls: [async given => stepladder.sweep(ladder, 'tiny', given)],
	},
	'resume options': {given: {slurm}, calls: [given => stepladder.resume('.', given)]},
	'train options': {
		given: {data: ladder.data, signal, slurm},
		calls: [async given => train(ladder.step('tiny'), given).result],
	},
};

/** Experiments of steps, which were checked when the step was defined. */
const checkedBefore = ['aspectsChanged before', 'aspectsChanged after'];

for (const {function: name, parameter, value} of settings.parameters) {
	const key = `${name} ${parameter}`;
	if (checkedBefore.includes(key)) {
		continue;
	}

	test(`${name} refuses an unknown name in \`${parameter}\` with the one that may be meant`, async t => {
		const example = examples[key];
		if (!example) {
			t.fail(`say in \`examples\` of this test how \`${name}\` is called: \`'${key}': {given, calls}\``);
			return;
		}

		const {given, calls} = example;
		const objects = objectsWithin(settings.types, value, given);
		for (const path of objectPaths(settings.types, value)) {
			t.true(
				objects.some(object => object.path === path),
				`add \`${path}\` to \`given\` of '${key}', so that its names are tried too`,
			);
		}

		for (const {path, properties} of objects) {
			for (const known of properties?.settings ?? []) {
				const typed = `${known.name}q`;
				const within = path.replace(/^experiment\b\.?/, ''); // a step's settings are named from the experiment on
				const at = (name: string): string => (within === '' ? name : `${within}.${name}`);
				const [setting, meant] = [at(typed), at(known.name)];
				for (const call of calls) {
					const error = await t.throwsAsync(
						async () => call(withName(given, path === '' ? typed : `${path}.${typed}`) as never),
						{
							instanceOf: StepladderError,
						},
					);
					t.is(error.code, 'setting', error.message);
					t.is((error as stepladder.ConfigError).setting, setting);
					t.regex(error.message, new RegExp(`unknown name \`${setting}\` \\(did you mean [^?]*\`${meant}\``));
				}
			}
		}
	});
}

/** Returns a copy of an object with one more name, at a path within it. */
const withName = (given: object, path: string): object => {
	const [first = '', ...rest] = path.split('.');
	const copy = (Array.isArray(given) ? [...given] : {...given}) as Record<string, unknown>;
	copy[first] = rest.length === 0 ? 1 : withName(copy[first] as object, rest.join('.'));
	return copy;
};
