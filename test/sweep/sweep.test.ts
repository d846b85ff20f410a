import {existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import sharp from 'sharp';
import {AbortError, BudgetError, ConfigError, openLadder, type SweepResult, sweep} from '../../ts/index.js';
import {writeSweep} from '../../ts/sweep/file.js';
import {sweepText} from '../../ts/sweep/table.js';
import {trainTrial} from '../../ts/sweep/train-trial.js';
import {trialsOf} from '../../ts/sweep/trials.js';
import {asPlanned, type PlannedSetting} from '../../ts/sweep/varied.js';
import {main} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {resealSweep} from '../helpers/forger.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const rates = [
	'--step',
	'tiny',
	'--vary',
	'schedule.learningRate=0.01,0.02,1e-9',
	'--holdout',
	'100',
	'--seeds',
	'101,102',
];

/** Reads a sweep's record without its times. */
const measured = (ladder: OwnLadder, name: string): unknown => {
	const {plan, runs} = JSON.parse(ladder.read(`records/sweeps/${name}/sweep.json`));
	const rows = ladder.read(`records/sweeps/${name}/epochs.csv`).split('\n');
	return {
		plan,
		runs: runs.map(({seconds: _, begun: __, ...run}: Record<string, unknown>) => run),
		epochs: rows.map(row => row.split(',').slice(0, 7)),
	};
};

test('a sweep trains a grid, evaluates it on held-out images, and writes a table, a chart and every epoch', async t => {
	const ladder = tinyLadder(t);
	const {stdout, stderr, exitCode} = await ladder.run(['sweep', ...rates]);
	t.is(exitCode, 0, stderr);
	// 0.01 is the step's own value: it is trained once, as the unchanged step.
	t.regex(
		stdout,
		/^`tiny` unchanged, plus 2 trials, with seeds 101, 102 and 4 epochs\. Of 400 training images 100 were held out for validation, drawn from each class in proportion \(draw 1\)\. The trainer did not open the test images\.\n/,
	);
	t.regex(stdout, /^unchanged +\d+\.\d\d ± \d+\.\d\d$/m);
	t.regex(stdout, /^schedule\.learningRate 0\.02 +\d+\.\d\d ± .* (yes|no)$/m);
	t.regex(stdout, /^schedule\.learningRate 1e-9 +\d+\.\d\d ± \d+\.\d\d +-\d+\./m);
	t.regex(stderr, /^schedule\.learningRate 0\.02, seed 101, epoch 4\/4, validation \d+\.\d\d%$/m);
	t.regex(stderr, / \(6 of 6\)$/);

	const name = 'tiny-learning-rate';
	t.deepEqual(readdirSync(path.join(ladder.folder, 'records/sweeps', name)).toSorted(), [
		...['README.md', 'epochs.csv', 'sweep.json', 'sweep.svg'],
	]);
	t.is(ladder.read(`records/sweeps/${name}/epochs.csv`).trimEnd().split('\n').length, 1 + 3 * 2 * 4);
	t.notRegex(ladder.read(`records/sweeps/${name}/sweep.json`), /test(Correct|Loss)/);
	t.regex(ladder.read(`records/sweeps/${name}/sweep.svg`), /^<svg .*schedule\.learningRate 0\.02/s);
	t.regex(
		ladder.read(`records/sweeps/${name}/README.md`),
		/\| schedule\.learningRate 0\.02 \| .*!\[.*\]\(sweep\.svg\)\n$/s,
	);

	// The same command again trains nothing, and prints the same.
	const again = await ladder.run(['sweep', ...rates]);
	t.deepEqual([again.stdout, again.stderr], [stdout, '']);
});

test('a sweep from before there was a draw keeps its record and its words, and is not trained again', async t => {
	const ladder = tinyLadder(t);
	const flags = ['sweep', ...rates, '--name', 'old', '--epochs', '1'];
	const {stdout} = await ladder.run(flags);
	const file = 'records/sweeps/old/sweep.json';
	const {plan, ...rest} = JSON.parse(ladder.read(file));
	t.is(plan.drawSeed, 1);
	const {drawSeed: _, ...old} = plan;
	ladder.write(file, JSON.stringify({plan: old, ...rest}));
	resealSweep(path.join(ladder.folder, 'records/sweeps/old'));
	const written = ladder.read(file);

	const again = await ladder.run(flags);
	t.deepEqual([again.exitCode, again.stderr], [0, '']);
	const drawn = '100 were held out for validation, drawn from each class in proportion (draw 1).';
	t.is(again.stdout, stdout.replace(drawn, 'the last 100 were held out for validation.'));
	t.is(ladder.read(file), written);
});

/** Makes a sweep end itself when one run has finished and another is halfway: a signal from outside may come too late. */
const endingItself = (signal: 'SIGTERM' | 'SIGKILL'): string =>
	`data:text/javascript,${encodeURIComponent(`
	const write = process.stderr.write.bind(process.stderr);
	let printed = '';
	process.stderr.write = (text, ...rest) => {
		const written = write(text, ...rest);
		printed += text;
		if (printed.includes('done (1 of 6)') && /learningRate .* epoch 2\\/4/.test(text)) {
			printed = '';
			process.kill(process.pid, '${signal}');
		}

		return written;
	};
`)}`;

const interrupted = test.macro(async (t: ExecutionContext, signal: 'SIGTERM' | 'SIGKILL') => {
	const flags = [...rates, '--name', 'rates', '--jobs', '2'];
	const unbroken = tinyLadder(t);
	const whole = await unbroken.run(['sweep', ...flags]);
	t.is(whole.exitCode, 0, whole.stderr);

	const broken = tinyLadder(t);
	const {exitCode, signal: endedBy} = await execa(
		process.execPath,
		['--import', endingItself(signal), main, 'sweep', ...flags],
		{...{reject: false, cwd: broken.folder, env: {STEPLADDER_CACHE: path.join(broken.folder, '.cache')}}},
	);
	t.deepEqual([exitCode, endedBy], signal === 'SIGTERM' ? [143, undefined] : [undefined, 'SIGKILL']);
	t.false(existsSync(path.join(broken.folder, 'records/sweeps/rates')));

	const rest = await broken.run(['sweep', ...flags]);
	t.is(rest.exitCode, 0, rest.stderr);
	t.regex(rest.stderr, /^Finished before: [1-5] of 6\n/);
	t.is(rest.stdout, whole.stdout);
	t.deepEqual(measured(broken, 'rates'), measured(unbroken, 'rates'));
	for (const file of ['README.md', 'sweep.svg']) {
		t.is(broken.read(`records/sweeps/rates/${file}`), unbroken.read(`records/sweeps/rates/${file}`));
	}
});
test('a sweep ended by SIGTERM is resumed to the record of an uninterrupted one', interrupted, 'SIGTERM');
test('a sweep ended by kill -9 is resumed to the record of an uninterrupted one', interrupted, 'SIGKILL');

test('a trial is trained and evaluated without any test images', async t => {
	const folder = tinyLadder(t);
	const ladder = await openLadder(folder.folder);
	const data = await ladder.data.open(ladder.folder);
	for (const file of readdirSync(data.idx.folder).filter(name => name.startsWith('t10k'))) {
		rmSync(path.join(data.idx.folder, file));
	}

	const rows: unknown[] = [];
	const {epochs, diverged} = await trainTrial({
		...{
			experiment: ladder.step('tiny').experiment,
			seed: 7,
			data,
			images: {holdout: 100, judgeTest: false},
			threads: 1,
		},
		...{checkpoint: path.join(folder.folder, 'checkpoint'), signal: new AbortController().signal},
		tell: row => rows.push(row),
	});
	t.deepEqual([epochs.length, diverged, rows], [4, null, [...epochs]]);
	t.true(epochs.every(({holdoutCorrect}) => holdoutCorrect <= 100));
});

const swept = async (t: ExecutionContext, options: Partial<Parameters<typeof sweep>[2]>): Promise<SweepResult> => {
	const folder = tinyLadder(t);
	return sweep(await openLadder(folder.folder), 'tiny', {
		...{vary: [{path: 'schedule.learningRate', values: [0.02]}], seeds: [101, 102], holdout: 100, epochs: 1},
		...{out: path.join(folder.folder, 'runs'), ...options},
	});
};

test('a draw gives the same trials each time, and another draw others', async t => {
	const vary = [
		{path: 'schedule.learningRate', range: {low: 0.001, high: 0.1, log: true}},
		{path: 'batchSize', range: {low: 16, high: 64, log: false}},
		{path: 'net.block.norm', values: ['none', 'batch']},
	];
	const settings = async (draw: number) => {
		const {trials} = await swept(t, {vary, sample: 3, draw, seeds: [101]});
		return trials.map(trial => trial.settings.map(({value}) => value));
	};
	const first = await settings(1);
	t.is(first.length, 3);
	for (const [rate, batch, norm] of first as Array<[number, number, string]>) {
		t.true(rate >= 0.001 && rate <= 0.1 && Number.isInteger(batch) && batch >= 16 && batch <= 64, `${rate} ${batch}`);
		t.true(['none', 'batch'].includes(norm));
	}

	t.deepEqual(await settings(1), first);
	t.notDeepEqual(await settings(2), first);
});

test('whole numbers are drawn in proportion to their share of a log scale', async t => {
	const ladder = await openLadder(tinyLadder(t).folder);
	const values = (range: PlannedSetting['range']): unknown[] => {
		const {experiment} = ladder.step('tiny');
		const {classes} = experiment.net;
		const plan = {
			...{step: 'tiny', experiment, vary: [{path: 'batchSize', range} as PlannedSetting], sample: {count: 5, draw: 1}},
			...{seeds: [1], holdout: 50, limitTrain: null},
			data: {
				...{name: 'Bars', channels: 1, size: 28, train: 400, test: 60, hash: ''},
				classes: Array.from({length: classes}, (_, label) => String(label)),
			},
		};
		return trialsOf(plan).flatMap(({settings}) => settings.map(({value}) => value));
	};
	const whole = {low: 1, high: 64, log: true};
	const planned = asPlanned({path: 'batchSize', range: whole});
	// By NumPy: round(exp(log(0.5) + share * log(64.5 / 0.5))), with the share from the sha256 of `1 0 batchSize` and so on.
	t.deepEqual(values(planned.range), [20, 2, 60, 44]);
	t.deepEqual(values(whole), [49, 20, 63, 59], 'as earlier versions drew them, whose sweeps are still read');
	const numbers = {low: 0.5, high: 2, log: true};
	t.deepEqual(asPlanned({path: 'schedule.learningRate', range: numbers}).range, numbers);
});

test('trials are drawn from ranges given on the command line', async t => {
	const flags = ['--step', 'tiny', '--holdout', '50', '--epochs', '1', '--seeds', '5', '--sample', '2'];
	const vary = [
		'--vary',
		'schedule.learningRate=1.5e-3..1e-1:log',
		'--vary',
		'batchSize=16..20',
		'--vary',
		'averaging=[null]',
	];
	const {stdout, stderr, exitCode} = await tinyLadder(t).run(['sweep', ...flags, ...vary]);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /^`tiny` unchanged, plus 2 trials, drawn at random \(draw 1\), with seed 5 and 1 epoch\./);
	t.is(
		stdout.match(
			/^#[12] learningRate 0\.\d+, batchSize (?:1[6-9]|20) +\d+\.\d\d +-?\d+\.\d\d +- +- +- +no$/gm, // averaging is none anyway
		)?.length,
		2,
		stdout,
	);
	t.regex(stdout, /\nOne seed is too few to test differences for significance\.$/);
});

test('a setting of a layer is varied by its index, and layers in JSON', async t => {
	const ladder = tinyLadder(t);
	const vary = (values: string): string[] => ['sweep', '--step', 'tiny', '--vary', values];
	const rest = ['--seeds', '101', '--epochs', '1', '--holdout', '100'];
	const channels = await ladder.run([...vary('net.body.1.channels=3,5'), ...rest]);
	t.is(channels.exitCode, 0, channels.stderr);
	t.regex(channels.stdout, /^net\.body\.1\.channels 3 .*\nnet\.body\.1\.channels 5 /m);
	t.true(existsSync(path.join(ladder.folder, 'records/sweeps/tiny-body-1-channels/sweep.json')));

	const layers = await ladder.run([...vary('net.body.1=[{"channels": 3, "activation": "silu"}]'), ...rest]);
	t.is(layers.exitCode, 0, layers.stderr);
	t.regex(layers.stdout, /^net\.body\.1 \(channels 3, activation silu\) /m);
	const bare = await ladder.run([...vary('net.body.1={"channels": 3}'), ...rest]);
	t.is(bare.exitCode, 2);
	t.regex(bare.stderr, /should be in a list in JSON/);
});

test('a trial that diverges is reported as diverged, and the others are not affected', async t => {
	const {base, trials} = await swept(t, {vary: [{path: 'schedule.learningRate', values: [1e6, 0.02]}]});
	t.deepEqual(base.diverged, []);
	t.deepEqual(
		trials.map(({diverged, holdout, difference, significant}) => [
			diverged,
			holdout === undefined,
			difference === undefined,
			significant,
		]),
		[
			[[101, 102], true, true, false],
			[[], false, false, trials[1]?.significant],
		],
	);
	t.is(trials[0]?.corrected, 1);
});

test('a trial that diverges took the time that passed', async t => {
	const folder = tinyLadder(t);
	const ladder = await openLadder(folder.folder);
	const data = await ladder.data.open(folder.folder);
	// Each batch multiplies the weights by -3, until they overflow in the third epoch.
	const optimizer = {momentum: 0, nesterov: false, weightDecay: 1};
	const schedule = {kind: 'constant', learningRate: 4} as const;
	const {experiment} = ladder.step('tiny');
	const begun = performance.now();
	const {diverged, seconds} = await trainTrial({
		...{experiment: {...experiment, optimizer, schedule, epochs: 4}, seed: 101, threads: 1, tell() {}},
		...{data, images: {judgeTest: false, holdout: 100, drawSeed: 1}, signal: new AbortController().signal},
		checkpoint: path.join(folder.folder, 'checkpoint'),
	});
	const passed = (performance.now() - begun) / 1000;
	t.is(diverged, 3);
	t.true(seconds <= passed, `${seconds} s, and ${passed} s had passed`);
});

test('a sweep prints how many damaged images were left out', async t => {
	const own = tinyLadder(t);
	own.write(
		'ladder.ts',
		`import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'Photos', data: imageFolder('images', {size: 28, channels: 1, split: {test: 0.25}})});
`,
	);
	const grey = async (level: number) =>
		sharp({create: {width: 28, height: 28, channels: 3, background: {r: level, g: level, b: level}}})
			.png()
			.toBuffer();
	for (let image = 0; image < 16; image += 1) {
		own.write(`images/dark/${image}.png`, await grey(image));
		own.write(`images/light/${image}.png`, await grey(255 - image));
	}

	own.write('images/dark/broken.png', 'no image');
	const vary = ['--vary', 'schedule.learningRate=0.02', '--holdout', '6', '--seeds', '101', '--epochs', '1'];
	const {stderr, exitCode} = await own.run(['sweep', '--step', 'tiny', ...vary, '--skip-damaged']);
	t.is(exitCode, 0, stderr);
	t.regex(stderr, /^Left out 1 damaged image: dark\/broken\.png$/m);
});

test('differences are corrected for the number of trials', async t => {
	const {trials} = await swept(t, {
		vary: [{path: 'schedule.learningRate', values: [0.02, 0.03, 0.005]}],
		seeds: [1, 2, 3],
	});
	const ps = trials.map(({difference}) => difference?.pValue ?? 1);
	const least = Math.min(...ps);
	t.is(trials[ps.indexOf(least)]?.corrected, Math.min(1, 3 * least));
});

test('invalid trials are refused before anything is trained', async t => {
	const refused = async (
		options: Partial<Parameters<typeof sweep>[2]>,
		message: RegExp,
		type: new (...args: never[]) => Error = ConfigError,
	) => t.throwsAsync(swept(t, {...options, tell: () => t.fail('it trains')}), {instanceOf: type, message});
	const vary = (...values: unknown[]) => [{path: 'schedule.learningRate', values}];
	await refused(
		{vary: [{path: 'schedule.learningRat', values: [1]}]},
		/unknown name `schedule\.learningRat` \(did you mean `schedule\.learningRate`\?\)/,
	);
	await refused({vary: vary(0.01)}, /`vary` should be a value that the step does not have already/);
	await refused({vary: vary(0.02, -1)}, /`schedule\.learningRate` should be a number/);
	await refused({vary: [...vary(0.02), ...vary(0.03)]}, /`vary` should be each setting once/);
	await refused({vary: [{path: 'batchSize', range: {low: 1, high: 9, log: false}}]}, /`--sample`/);
	await refused({vary: [{path: 'batchSize', range: {low: 9, high: 1, log: false}}], sample: 2}, /a range that goes up/);
	await refused(
		{vary: [{path: 'net.block.bias', values: [true]}], holdout: 400},
		/`holdout` should be less than the 400/,
	);
	await refused({holdout: 0}, /`holdout` should be a whole number, at least 1, got 0/);
	await refused({vary: [{path: 'epochs', values: [41]}]}, /41/, BudgetError);
	await refused({vary: vary(...Array.from({length: 1001}, (_, index) => index + 1))}, /at most 1000 trials/);
	await refused({name: '../elsewhere'}, /`name` should be lower-case words/);
});

test('the limit of the step’s target is that of a sweep, which has lower ones alone', async t => {
	const net = (...values: unknown[]) => ({
		vary: [{path: 'net.body.1.channels', values}],
		...{seeds: [101], holdout: 100, epochs: 1, name: 'sizes', out: path.join(temporaryFolder(t), 'runs')},
	});
	const ladder = await openLadder(tinyLadder(t).folder);
	const grid = await sweep(ladder, 'tiny', net(2, 8)); // 8 channels take 2098 parameters, and the target allows 2000
	t.is(grid.record.plan.maxParameters, 2000);
	t.deepEqual([grid.tooLarge, grid.trials.map(({parameters}) => parameters)], [1, [532]]);
	t.regex(sweepText(grid), / At most 2,000 parameters: 1 trial above was left out\. /);
	const drawn = await sweep(ladder, 'tiny', {
		...{...net(), name: 'drawn', sample: 3, maxParameters: 9000},
		vary: [
			{path: 'net.body.1.channels', range: {low: 7, high: 12, log: false}},
			{path: 'batchSize', values: [16, 24, 48]},
		],
	});
	t.is(drawn.record.plan.maxParameters, 2000);
	t.true(drawn.tooLarge > 0);
	t.deepEqual([...new Set(drawn.trials.map(({parameters}) => parameters))], [1837]);
	const low = await sweep(ladder, 'tiny', {...net(2, 4, 5), name: 'low', maxParameters: 1100});
	t.deepEqual([low.record.plan.maxParameters, low.tooLarge], [1100, 1]);
});

test('a sweep of an earlier version, without a limit of parameters, is the same sweep', async t => {
	const folder = tinyLadder(t).folder;
	const ladder = await openLadder(folder);
	const options = {
		vary: [{path: 'schedule.learningRate', values: [0.02]}],
		...{seeds: [101], holdout: 100, epochs: 1, out: path.join(folder, 'runs'), name: 'before'},
	};
	const {record} = await sweep(ladder, 'tiny', options);
	const {maxParameters: _, ...plan} = record.plan;
	writeSweep(path.join(folder, 'records/sweeps/before'), {...record, plan});
	const found = await sweep(ladder, 'tiny', {...options, tell: () => t.fail('it trains')});
	t.is(found.record.plan.maxParameters, undefined);
	await t.throwsAsync(sweep(ladder, 'tiny', {...options, maxParameters: 1900}), {
		message: /differs in `maxParameters`/,
	});
});

test('another sweep replaces an existing one only with `--fresh`', async t => {
	const ladder = tinyLadder(t);
	const flags = [
		'sweep',
		'--step',
		'tiny',
		'--holdout',
		'50',
		'--epochs',
		'1',
		'--seeds',
		'1,2',
		'--name',
		'one',
		'--vary',
	];
	t.is((await ladder.run([...flags, 'batchSize=16'])).exitCode, 0);
	const other = await ladder.run([...flags, 'batchSize=64']);
	t.is(other.exitCode, 2);
	t.regex(
		other.stderr,
		/^stepladder: records\/sweeps\/one has a sweep that differs in `vary`: choose another `--name`, or `--fresh` to replace it$/m,
	);
	const fresh = await ladder.run([...flags, 'batchSize=64', '--fresh']);
	t.regex(fresh.stdout, /^batchSize 64 /m);
	t.regex(
		(await ladder.run(['sweep', '--step', 'tiny', '--vary', 'batchSize=16'])).stderr,
		/`holdout` \(`--holdout <n>`\) is missing/,
	);
	t.regex((await ladder.run(['sweep', '--vary', 'batchSize'])).stderr, /such as `batchSize=64,128`/);
});

test('an interrupted `--fresh` is resumed by the same command without it', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const options = {
		...{vary: [{path: 'batchSize', values: [64]}], seeds: [101], holdout: 100, epochs: 2, jobs: 1},
		out: path.join(own.folder, 'runs', 'sweeps'),
	};
	await sweep(ladder, 'tiny', options);
	const aborting = new AbortController();
	const broken = sweep(ladder, 'tiny', {
		...{...options, fresh: true, signal: aborting.signal},
		tell: ({type}) => type === 'finished' && aborting.abort(),
	});
	await t.throwsAsync(broken, {instanceOf: AbortError});
	const events: string[] = [];
	const resumed = async () =>
		sweep(ladder, 'tiny', {...options, tell: ({type, done}) => events.push(`${type} ${done}`)});
	await resumed();
	t.deepEqual([events[0], events.at(-1)], ['begun 1', 'finished 2']);
	events.length = 0;
	await resumed();
	t.deepEqual(events, [], 'the new record is complete');
});

test('a sweep is resumed although the start time of a run was damaged', async t => {
	const own = tinyLadder(t, {train: 6000}); // slow enough to be interrupted
	const ladder = await openLadder(own.folder);
	const options = {
		...{vary: [{path: 'batchSize', values: [64]}], seeds: [101], holdout: 100, epochs: 20, jobs: 1},
		out: path.join(own.folder, 'runs', 'sweeps'),
	};
	const aborting = new AbortController();
	await t.throwsAsync(
		sweep(ladder, 'tiny', {
			...{...options, signal: aborting.signal},
			tell: ({type, epoch}) => type === 'epoch' && epoch === 1 && aborting.abort(),
		}),
		{instanceOf: AbortError},
	);
	const begun = readdirSync(options.out).filter(name =>
		existsSync(path.join(options.out, name, 'checkpoint.safetensors')),
	);
	t.is(begun.length, 1);
	writeFileSync(path.join(options.out, begun[0] ?? '', 'begun.txt'), 'yesterday');
	t.is((await sweep(ladder, 'tiny', options)).record.runs.length, 2);
});

test('the same command writes the missing page of a finished sweep, without training', async t => {
	const ladder = tinyLadder(t);
	const flags = [
		'sweep',
		'--step',
		'tiny',
		'--vary',
		'batchSize=16',
		'--holdout',
		'50',
		'--epochs',
		'1',
		'--name',
		'one',
	];
	t.is((await ladder.run(flags)).exitCode, 0);
	const [page, chart] = ['README.md', 'sweep.svg'].map(name => path.join(ladder.folder, 'records/sweeps/one', name));
	const before = readFileSync(page ?? '', 'utf8');
	rmSync(page ?? '');
	rmSync(chart ?? '');
	const {stderr, exitCode} = await ladder.run(flags);
	t.is(exitCode, 0, stderr);
	t.notRegex(stderr, /epoch 1\/1/);
	t.is(readFileSync(page ?? '', 'utf8'), before);
	t.true(existsSync(chart ?? ''));
});

test('a step can cite a sweep in its reason, and `record --check` checks both', async t => {
	const ladder = tinyLadder(t);
	const flags = ['--holdout', '50', '--epochs', '1', '--seeds', '11,12', '--name', 'rates'];
	t.is(
		(await ladder.run(['sweep', '--step', 'tiny', ...flags, '--vary', 'schedule.learningRate=0.02,1e-9'])).exitCode,
		0,
	);
	ladder.write(
		'steps/1-faster.ts',
		`import {defineStep} from 'stepladder';
		import tiny from './0-tiny.ts';
		export default defineStep({
			name: 'faster',
			from: tiny,
			change: {schedule: {learningRate: 0.02}},
			target: {
				...tiny.target,
				why: ({sweep}) => \`It was chosen of \${sweep('rates').trials.length} rates, on \${sweep('rates').holdout} held-out images.\`,
			},
		});`,
	);
	for (const step of ['tiny', 'faster']) {
		const {exitCode, stderr} = await ladder.run(['record', '--step', step, '--seeds', '1,2']);
		t.is(exitCode, 0, stderr);
	}

	t.regex(ladder.read('steps/1-faster.ts'), /Why: It was chosen of 2 rates, on 50 held-out images\./);
	const check = async (): Promise<string> => (await ladder.run(['record', '--check'])).stdout;
	t.is(await check(), 'The records, text blocks and claims of 2 steps and 1 sweep agree.');

	const folder = 'records/sweeps/rates';
	const whole = new Map(
		readdirSync(path.join(ladder.folder, folder)).map(file => [file, ladder.read(`${folder}/${file}`)]),
	);
	const finds = async (file: string, pattern: RegExp, replacement: string, found: RegExp) => {
		const before = whole.get(file) ?? '';
		const after = before.replace(pattern, replacement);
		t.not(after, before, String(pattern));
		ladder.write(`${folder}/${file}`, after);
		t.regex(await check(), found);
		ladder.write(`${folder}/${file}`, before);
	};
	await finds(
		'epochs.csv',
		/^(1,12,1,[^,]*),\d+/m,
		'$1,1',
		/epochs\.csv, line 5: epoch 1 of trial 1, seed 12 is not what was recorded/,
	);
	await finds(
		'epochs.csv',
		/^2,12,.*\n/m,
		'',
		/row 6 of the epochs should be epoch 1 of seed 12 of trial 2, it is missing/,
	);
	await finds('sweep.json', /"holdout": 50/, '"holdout": 60', /sweep\.json: `plan` is not what was recorded/);
	await finds('sweep.json', /"trial": 2/, '"trial": 1', /sweep\.json: `runs` is not what was recorded/);
	await finds('sweep.json', /\n\}\n$/, ',\n\t"best": 1\n}\n', /sweep\.json: .*best/);
	await finds(
		'README.md',
		/\| (?:yes|no) \|/,
		'| perhaps |',
		/README\.md does not match the sweep; try: npm run --prefix \S+ record -- --text/,
	);
	await finds('sweep.svg', /circle|path/, 'rect', /sweep\.svg does not match the sweep/);
	t.is(await check(), 'The records, text blocks and claims of 2 steps and 1 sweep agree.');

	ladder.write(`${folder}/README.md`, '');
	t.is((await ladder.run(['record', '--text'])).exitCode, 0);
	t.is(ladder.read(`${folder}/README.md`), whole.get('README.md') ?? '');
});
