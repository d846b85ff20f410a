import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {parseVaried} from '../../ts/cli/parse-varied.js';
import {ConfigError, openLadder} from '../../ts/index.js';
import type {SweepPlan} from '../../ts/sweep/plan.js';
import {listTrials} from '../../ts/sweep/trials.js';
import {asPlanned, checkVary} from '../../ts/sweep/varied.js';
import {temporaryFolder} from '../helpers/folder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Returns a plan for the tiny step, with its settings varied as typed. */
const planOf = async (t: ExecutionContext, typed: readonly string[], rest: Partial<SweepPlan> = {}) => {
	const {experiment} = (await openLadder(tinyLadder(t).folder)).step('tiny');
	const vary = typed.flatMap(text => parseVaried(text, []));
	checkVary(vary);
	const classes = Array.from({length: 10}, (_, label) => String(label));
	return {
		...{step: 'tiny', experiment, vary: vary.map(asPlanned), sample: null, seeds: [1], holdout: 50, limitTrain: null},
		...{data: {name: 'Bars', channels: 1, size: 28, train: 400, test: 60, hash: '', classes}, ...rest},
	};
};

/** Returns the values of all trials but the unchanged step. */
const valuesOf = async (...of: Parameters<typeof planOf>): Promise<unknown[][]> =>
	listTrials(await planOf(...of))
		.trials.slice(1)
		.map(({settings}) => settings.map(({value}) => value));

test('a list has values and whole ranges, with a step too', async t => {
	const channels = async (values: string) => (await valuesOf(t, [`net.body.1.channels=${values}`])).flat();
	t.deepEqual(await channels('1..3,8..16:4'), [1, 2, 3, 8, 12, 16]);
	t.deepEqual(await channels('8..15:4'), [8, 12]);
	t.deepEqual(await channels('2, 3'), [2, 3]);
	for (const wrong of ['3..1,2', '1..9:0', '1..5000:1']) {
		t.throws(() => parseVaried(`batchSize=${wrong}`, []), {message: /should go up, in whole steps/}, wrong);
	}

	t.deepEqual(parseVaried('batchSize=8..16', []), [{path: 'batchSize', range: {low: 8, high: 16, log: false}}]);
});

test('a setting is varied only where another has some values', async t => {
	const typed = ['net.block.norm=none,batch', 'net.block.bias=true,false if net.block.norm=none'];
	// norm is `batch` and bias `false` in the step: of the four of a grid, two have a bias to try, one is the step's own.
	t.deepEqual(await valuesOf(t, typed), [
		['none', true],
		['none', false],
	]);
	const sample = await valuesOf(t, typed, {sample: {count: 30, draw: 1}});
	t.deepEqual(sample.map(values => values.join(' ')).toSorted(), ['none false', 'none true']); // `batch` is the step's own

	const chained = ['batchSize=16,32', 'epochs=2,3 if batchSize=16', 'labelSmoothing=0.1,0.2 if epochs=3'];
	t.deepEqual(await valuesOf(t, chained), [
		[16, 2],
		[16, 3, 0.1],
		[16, 3, 0.2],
	]);
	t.deepEqual(await valuesOf(t, ['averaging=[null,{"decay":0.9}]', 'batchSize=8 if averaging=null']), [
		[null, 8],
		[{decay: 0.9}],
	]);

	const refused = async (message: RegExp, ...typed: string[]) =>
		t.throwsAsync(valuesOf(t, typed), {instanceOf: ConfigError, message});
	await refused(
		/`epochs` is varied if `batchSize` has some values: expected that to be a setting that is varied before it/,
		'epochs=2 if batchSize=16',
		'batchSize=16',
	);
	await refused(
		/`vary\.epochs\.when\.values` should be values of `batchSize` \(16, 64\), got 8/,
		'batchSize=16,64',
		'epochs=2 if batchSize=8',
	);
});

test('whole parts of an experiment come from files, which label them', async t => {
	const folder = temporaryFolder(t);
	const {experiment} = (await openLadder(tinyLadder(t).folder)).step('tiny');
	const {net} = experiment;
	const dense = {
		...net,
		body: [{kind: 'max-pool', kernel: 4}],
		head: [{kind: 'flatten'}, {kind: 'linear', features: 10}],
	};
	mkdirSync(path.join(folder, 'nets'));
	const write = (name: string, value: unknown): void =>
		writeFileSync(path.join(folder, 'nets', name), JSON.stringify(value));
	write('net10.json', {
		...net,
		body: [
			{kind: 'max-pool', kernel: 4},
			{kind: 'block', channels: 3, kernel: 3, padding: 0},
		],
	});
	write('net2.json', dense);
	writeFileSync(path.join(folder, 'nets', 'notes.txt'), 'not JSON');

	const typed = [`net=@${folder}/nets/net*.json`, 'batchSize=8 if net=net2'];
	const {trials} = listTrials(
		await planOf(t, typed, {experiment: {...experiment, net: {...net, block: {...net.block, activation: 'silu'}}}}),
	);
	t.deepEqual(
		trials.map(({settings}) => settings.map(({label, value}) => label ?? value)),
		[[], ['net2', 8], ['net10']],
	);
	t.deepEqual(
		trials[1]?.experiment.net as unknown,
		dense,
		'replaced as a whole: the activation of the step is not merged in',
	);

	const refused = (typed: string, message: RegExp) => t.throws(() => parseVaried(typed, []), {message});
	refused(`net=@${folder}/nets/other*.json`, /No file of .*nets is called `other\*\.json`/);
	refused(`net=@${folder}/none/*.json`, /none can’t be listed/);
	refused(`net=@${folder}/nets/notes.txt`, /notes\.txt should be a file of JSON/);
	refused(`net=@${folder}/nets/net2.json,1`, /should have `@` before each/);
	t.throws(
		() => listTrials({...plan(trials[0]?.experiment), vary: [{path: 'batchSize', values: [1, 2], labels: ['a', 'a']}]}),
		{message: /`vary\.batchSize\.labels` should be a different label for each value/},
	);
});

const plan = (experiment: unknown) => ({experiment, sample: null, seeds: [1]}) as unknown as SweepPlan;

test('draws above the limit of parameters are repeated and counted, trials of a grid left out', async t => {
	// The net has 261 parameters a channel and 10 more.
	const {trials, tooLarge} = listTrials(
		await planOf(t, ['net.body.1.channels=1..8'], {sample: {count: 6, draw: 1}, maxParameters: 1100}),
	);
	// By Python, from the sha256 of `1 0 net.body.1.channels`, `1 0.1 net.body.1.channels` and so on; 4 is the step's own.
	t.deepEqual([trials.slice(1).map(({settings}) => settings[0]?.value), tooLarge], [[2, 3, 1], 2]);

	const grid = listTrials(await planOf(t, ['net.body.1.channels=2,3,5,6'], {maxParameters: 1100}));
	t.deepEqual([grid.trials.length - 1, grid.tooLarge], [2, 2]);
	await t.throwsAsync(valuesOf(t, ['net.body.1.channels=5,6'], {maxParameters: 1100}), {
		message:
			/`vary` should be a value that the step does not have already, got none: 2 trials have more than 1100 parameters/,
	});
	await t.throwsAsync(valuesOf(t, ['net.body.1.channels=5..8'], {maxParameters: 1100, sample: {count: 2, draw: 1}}), {
		message: /`maxParameters` should be a limit that one of 1000 draws keeps, got 1100/,
	});
});

test('the table states the limit of parameters and the number of draws above', async t => {
	const flags = ['--step', 'tiny', '--seeds', '1', '--epochs', '1', '--holdout', '50', '--max-parameters', '1100'];
	const {stdout, stderr, exitCode} = await tinyLadder(t).run(['sweep', ...flags, '--vary', 'net.body.1.channels=3,5']);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /and 1 epoch\. At most 1,100 parameters: 1 trial above was left out\. Of 400/);
});
