import {symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import fc from 'fast-check';
import * as stepladder from '../../ts/index.js';
import {ConfigError, openLadder, StepladderError, train} from '../../ts/index.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const own = tinyLadder({teardown: work => process.once('exit', work)});
const ladder = await openLadder(own.folder);
const step = ladder.step('tiny');
const data = await ladder.data.open(own.folder);
const trained = await train(step, {data: ladder.data, epochs: 1, out: path.join(own.folder, 'runs')}).result;
const run = path.join(own.folder, 'runs', 'latest');
const model = await stepladder.loadModel(run);
const image = `${path.join(own.folder, 'data', 't10k-images-idx3-ubyte')}:0`;
const vary = [{path: 'batchSize', values: [16]}];
process.chdir(own.folder); // whatever a wrong path makes goes with it

/** Calls with arguments that TypeScript would refuse, as an app in JavaScript may make them. */
const called = async (name: string, given: readonly unknown[]): Promise<unknown> => {
	const loose = {...stepladder, predictImage: model.predictImage, 'model.predict': model.predict};
	const got = (loose as unknown as Record<string, (...given: readonly unknown[]) => unknown>)[name]?.(...given);
	const {result, [Symbol.asyncIterator]: iterator} = (got ?? {}) as Partial<stepladder.Training>;
	if (result) {
		return result;
	}

	return iterator ? (got as AsyncGenerator).next() : got;
};

const aLadder = '`ladder` should be a ladder, as `await openLadder(FOLDER)` gives it, got';
const aDefinition = 'should be an object with `name`, `target`, and `experiment` or `from` and `change`, got';
const seedsWanted = '`seeds` should be a list of different whole numbers, at least one, got undefined';
const imagesWanted = "`images` should be a list of files, such as `['photo.jpg']`, got";
const varyWanted = '`vary` should be a list of settings, each with a list of values, got';
const long = 'x'.repeat(300);
const tooLong = `got ${'x'.repeat(57)}...: name too long`;

for (const [name, given, message] of [
	['report', [ladder], '`out` should be a path, got undefined'],
	['report', [undefined, {out: 'out'}], `${aLadder} undefined`],
	['report', [Promise.resolve(ladder), {out: 'out'}], `${aLadder} a promise`],
	['report', [ladder, {out: 'out', tell: 'me'}], '`tell` should be a function, got "me" (a string)'],
	['record', [ladder, 'tiny'], '`out` should be a path, got undefined'],
	['record', [ladder, 'tiny', {out: 'runs'}], seedsWanted],
	['record', [ladder, 'tiny', {out: 'runs', seeds: [1], signal: 7}], '`signal` should be an AbortSignal, got 7'],
	['record', ['.', 'tiny', {out: 'runs', seeds: [1]}], `${aLadder} "." (a string)`],
	['record', [ladder, 10n, {out: 'runs', seeds: [1]}], '`step` should be one of tiny, got 10n (a bigint)'],
	['sweep', [ladder, 'tiny'], '`out` should be a path, got undefined'],
	['sweep', [{}, 'tiny', {vary, seeds: [1], holdout: 50, out: 'runs'}], `${aLadder} {}`],
	['sweep', [ladder, 'tiny', {vary, holdout: 50, out: 'runs'}], seedsWanted],
	['sweep', [ladder, 'tiny', {seeds: [1], holdout: 50, out: 'runs'}], `${varyWanted} undefined`],
	['sweep', [ladder, 'tiny', {vary: {batchSize: [1]}, seeds: [1], out: 'runs'}], `${varyWanted} {"batchSize":[1]}`],
	[
		'sweep',
		[ladder, 'tiny', {vary: [{path: 'batchSize'}], seeds: [1], holdout: 50, out: 'runs'}],
		'`vary.0` should be a `path` with a list of `values`, or with a `range` of `low`, `high` and `log`, got {"path":"batchSize"}',
	],
	[
		'sweep',
		[ladder, 'tiny', {vary, seeds: [1], holdout: 50, out: 'runs', tell: 1}],
		'`tell` should be a function, got 1',
	],
	['compare', [null, 'tiny', 'tiny'], `${aLadder} null`],
	['reportLadders', [[ladder, null], {out: 'out'}], `${aLadder} null`],
	['compareRuns', [['runs'], null], '`options` should be an object, got null'],
	['compareRuns', [['runs', 'tiny'], {ladder: {}}], `there is no folder tiny; ${aLadder} {}`],
	['resume', [], '`resume` should be a path, got undefined'],
	['resume', [run, null], '`options` should be an object, got null'],
	['resume', [long], `\`resume\` should be a folder that can be entered, ${tooLong}`],
	['loadModel', [], '`path` should be a path, got undefined'],
	['loadModel', ['a\0b'], '`path` should be a path without NUL, got "a\\u0000b" (a string)'],
	['loadModel', [long], `\`path\` should be a path that can be followed, ${tooLong}`],
	['openLadder', [], '`folder` should be a path, got undefined'],
	['openLadder', ['\0'], '`folder` should be a path without NUL, got "\\u0000" (a string)'],
	['openLadder', [long], `\`folder\` should be a folder that can be entered, ${tooLong}`],
	['findLadder', [], '`folder` should be a path, got undefined'],
	['findLadder', [long], `\`folder\` should be a folder that can be entered, ${tooLong}`],
	['listRuns', [], '`folder` should be a path, got undefined'],
	['listRuns', [['runs']], '`folder` should be a path, got ["runs"]'],
	['predict', [run], `${imagesWanted} undefined`],
	['predict', [run, 'photo.jpg'], `${imagesWanted} "photo.jpg" (a string)`],
	['predict', [run, [Symbol('one')]], '`image` should be a path, or the bytes of an image file, got symbol'],
	['predict', [run, [image], null], '`options` should be an object, got null'],
	['predictImage', [image, null], '`options` should be an object, got null'],
	['predictImage', [image, {invert: 'no'}], '`invert` should be `true` or `false`, got "no" (a string)'],
	[
		'arrays',
		[{size: 4, train: {images: new Uint8Array(16), labels: [undefined]}}],
		'`train.labels` should be whole numbers from 0 to 255, got undefined',
	],
	['defineStep', [], `\`step\` ${aDefinition} undefined`],
	['defineStep', [null], `\`step\` ${aDefinition} null`],
	['defineStep', [{...step, from: 'tiny'}], '`from` should be a step, as `defineStep` gives it, got "tiny" (a string)'],
	['defineLadder', [null], '`ladder` should be an object with `name` and `data`, got null'],
	['defineLadder', [{name: 'a', data: ladder.data, target: 1}], '`target` should be an object, got 1'],
] as const satisfies ReadonlyArray<readonly [string, readonly unknown[], string]>) {
	test(`${name} throws: ${message}`, async t => {
		const error = await t.throwsAsync(called(name, given), {instanceOf: ConfigError});
		t.is(error.message, message);
		t.is(error.code, 'setting');
	});
}

test('a path that the system can’t follow is refused with the reason', async t => {
	symlinkSync('loop', 'loop');
	writeFileSync('file', '');
	for (const name of ['openLadder', 'findLadder', 'resume']) {
		const refused = (place: string, reason: string) =>
			t.throwsAsync(called(name, [place]), {
				instanceOf: ConfigError,
				message: new RegExp(`^\`\\w+\` should be a folder that can be entered, got ${place}: ${reason}`),
			});
		await refused('loop', 'too many symbolic links');
		await refused('file', 'not a directory');
		await refused('file/below', 'not a directory');
	}

	const message = '`path` should be a path that can be followed, got';
	await t.throwsAsync(called('loadModel', ['loop']), {message: `${message} loop: too many symbolic links encountered`});
	await t.throwsAsync(called('loadModel', ['file/below']), {message: `${message} file/below: not a directory`});
});

for (const [fault, opened, message] of [
	['nothing', undefined, '`data.open()` should be what `idx(FOLDER).open()` gives, got undefined'],
	['no classes', {...data, classes: undefined}, '`data.open().classes` should be a list of names, got undefined'],
	['no files', {...data, idx: undefined}, /^`data\.open\(\)\.idx` should be the folder of four IDX files/],
	['no test labels', {...data, testLabels: undefined}, '`data.open().testLabels` should be a function, got undefined'],
] as const) {
	test(`a source of data that gives ${fault} is refused with the missing part`, async t => {
		const source = {open: async () => opened} as unknown as stepladder.DataSource;
		const expected = {instanceOf: ConfigError, message};
		await t.throwsAsync(train(step, {data: source}).result, expected);
		const other = {...ladder, data: source};
		await t.throwsAsync(called('report', [other, {out: 'out'}]), expected);
		await t.throwsAsync(called('record', [other, 'tiny', {out: 'runs', seeds: [1]}]), expected);
		await t.throwsAsync(called('sweep', [other, 'tiny', {vary, seeds: [1], holdout: 50, out: 'runs'}]), expected);
	});
}

test('a source of data need not be asynchronous', async t => {
	const source = {open: () => data} as unknown as stepladder.DataSource;
	const {seeds} = await train(step, {data: source, epochs: 1}).result;
	t.deepEqual(seeds, trained.seeds);
});

const signal = AbortSignal.abort();
const set = {images: new Uint8Array(16), labels: [0]};

/** Valid calls that are stopped before they train. */
const right: ReadonlyArray<readonly [string, ...unknown[]]> = [
	['train', step, {data: ladder.data, seeds: [1], epochs: 1, device: 'cpu', threads: 1, limitTrain: 9, signal}],
	['resume', run, {signal}],
	['record', ladder, 'tiny', {seeds: [1], out: 'runs', fresh: false, skipDamaged: false, signal}],
	['sweep', ladder, 'tiny', {vary, seeds: [1], holdout: 50, out: 'runs', sample: 1, draw: 1, name: 'a', signal}],
	['report', {}, {out: 'out', skipDamaged: false}],
	['reportLadders', [ladder], {out: 'out'}],
	['reportRuns', ['nowhere'], {out: 'out', ladder}],
	['compareRuns', [run, run], {ladder}],
	['compare', ladder, 'tiny', 'tiny'],
	['listRuns', 'runs'],
	['findLadder', '.'],
	['openLadder', '.'],
	['loadModel', run],
	['predict', run, [image], {invert: false, fit: 'whole'}],
	['predictImage', image, {invert: false, fit: 'whole'}],
	['model.predict', new Uint8Array(28 * 28)],
	['summarize', step.experiment.net],
	['defineStep', {name: 'a', target: step.target, experiment: step.experiment, from: step, change: {epochs: 2}}],
	['defineLadder', {name: 'a', data: ladder.data, target: {maxEpochs: 1}, published: []}],
	['idx', 'data', {classes: ['a'], form: 'mnist-digits'}],
	['imageFolder', 'data', {size: 8, channels: 1}],
	['arrays', {size: 4, channels: 1, train: set, test: set, classes: ['a'], name: 'a'}],
];

/** No text that names a path outside. */
const anything = fc.anything({
	maxDepth: 2,
	key: fc.constantFrom('path', 'values', 'range', 'open', 'then', 'length', 'toString', '__proto__', 'kind'),
	values: [
		fc.constantFrom(undefined, null, '', ' ', '\0', 'a\0b', 'a'.repeat(300), 'toString', '1', '__proto__'),
		...[fc.boolean(), fc.integer(), fc.double(), fc.bigInt()],
	],
	...{withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true},
	...{withSparseArray: true, withTypedArray: true},
});

test('any value for any argument gives a result, or an error with a code', async t => {
	const one = fc.constantFrom(...right).chain(([name, ...given]) =>
		fc
			.nat(given.length - 1)
			.chain(index => {
				const parts = Object.keys(index > 0 || given.length === 1 ? (given[index] as object) : {});
				return fc.tuple(fc.constant(index), fc.constantFrom(undefined, ...parts), anything);
			})
			.map(([index, part, value]) => {
				const put = part === undefined ? value : {...(given[index] as object), [part]: value};
				return [name, given.with(index, put)] as const;
			}),
	);
	await fc.assert(
		fc.asyncProperty(one, async ([name, given]) => {
			try {
				await called(name, given);
			} catch (error) {
				if (!(error instanceof StepladderError) || error.code === 'internal') {
					throw error;
				}
			}
		}),
		{numRuns: 500},
	);
	t.pass();
});
