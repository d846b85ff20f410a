import {existsSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	AbortError,
	ConfigError,
	openLadder,
	RecordError,
	type SweepOptions,
	type SweepRecord,
	sweep,
} from '../../ts/index.js';
import {readSweep, writeSweep} from '../../ts/sweep/file.js';
import {replaySweep} from '../../ts/sweep/replay.js';
import {followRecord} from '../../ts/sweep/search.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const rates = {path: 'schedule.learningRate', range: {low: 1e-6, high: 0.05, log: true}} as const;

/** A sweep of the tiny step: 12 draws, of which a third goes on after one epoch, and then the three best after three. */
const halved = {
	...{vary: [rates], sample: 12, halving: 3, finalists: 1, seeds: [101], finalSeeds: [201, 202, 203]},
	...{holdout: 100, epochs: 9, name: 'halved', jobs: 2},
} satisfies Omit<SweepOptions, 'out'>;

const run = async (t: ExecutionContext, options: Omit<SweepOptions, 'out'>, own = tinyLadder(t)) => {
	const ladder = await openLadder(own.folder);
	return {own, ladder, result: await sweep(ladder, 'tiny', {...options, out: path.join(own.folder, 'runs/sweeps')})};
};

/** Returns a record without times. */
const bits = ({runs, epochs, ...rest}: SweepRecord): unknown => ({
	...{plan: rest.plan, drawn: rest.drawn},
	runs: runs.map(({trial, seed, diverged}) => [trial, seed, diverged]),
	epochs: epochs.map(({seconds: _, ...row}) => row),
});

test('successive halving ends the trials that trail, and the survivors have the bits of unbroken runs', async t => {
	const {own, ladder, result} = await run(t, halved);
	const {record, trials, search} = result;
	t.deepEqual(search.rungs, [1, 3, 9]);
	const rowsOf = (trial: number, seed = 101) => record.epochs.filter(row => row.trial === trial && row.seed === seed);
	const lengths = trials.map((_, index) => rowsOf(index + 1).length);
	t.deepEqual(
		[1, 3, 9].map(epochs => lengths.filter(length => length === epochs).length),
		[8, 3, 1],
	);

	// By the figures themselves: those that went on were the best after one epoch, and after three.
	const after = (trial: number, epoch: number): number => rowsOf(trial)[epoch - 1]?.holdoutCorrect ?? -1;
	const all = trials.map((_, index) => index + 1);
	const best = (standing: number[], epoch: number, count: number): number[] =>
		standing.toSorted((a, b) => after(b, epoch) - after(a, epoch) || a - b).slice(0, count);
	const second = best(all, 1, 4);
	const [last] = best(
		second.toSorted((a, b) => a - b),
		3,
		1,
	);
	t.deepEqual(
		all.filter(trial => rowsOf(trial).length >= 3),
		second.toSorted((a, b) => a - b),
	);
	t.deepEqual(
		all.filter(trial => rowsOf(trial).length === 9),
		[last],
	);
	t.deepEqual(result.finalists, [(last ?? 0) - 1]);

	// The same grid trained whole: a trial that was stopped has its first epochs, a survivor all.
	const whole = await sweep(ladder, 'tiny', {
		...{vary: [rates], sample: 12, seeds: [101], holdout: 100, epochs: 9, name: 'whole', jobs: 2},
		out: path.join(own.folder, 'runs/whole'),
	});
	const bare = (rows: SweepRecord['epochs']) => rows.map(({seconds: _, ...row}) => row);
	for (const trial of [0, ...all]) {
		const unbroken = whole.record.epochs.filter(row => row.trial === trial).slice(0, rowsOf(trial).length);
		t.deepEqual(bare(rowsOf(trial)), bare(unbroken), `trial ${trial}`);
	}

	// Only the finalist is tested, on its fresh seeds, corrected for one test.
	const finalist = trials[(last ?? 0) - 1];
	t.deepEqual([...(finalist?.final?.bySeed.keys() ?? [])], [201, 202, 203]);
	t.is(finalist?.difference?.difference.values.length, 3);
	t.is(finalist?.corrected, finalist?.difference?.pValue);
	t.true(trials.every((trial, index) => index + 1 === last || (!trial.difference && !trial.significant)));
	const stopped = trials.filter(trial => trial.stopped);
	t.deepEqual([stopped.length, stopped.every(({holdout, objective}) => !holdout && !objective)], [11, true]);
	t.deepEqual(readSweep(path.join(own.folder, 'records/sweeps/halved')), record);
});

test('a sweep with halving that is interrupted in any round is resumed to the same record', async t => {
	const {result: unbroken} = await run(t, halved);
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const options = {...halved, out: path.join(own.folder, 'runs/sweeps')};
	for (const stop of [3, 11, 3, 3]) {
		const aborting = new AbortController();
		let finished = 0;
		const broken = sweep(ladder, 'tiny', {
			...{...options, signal: aborting.signal},
			tell({type}) {
				finished += Number(type === 'finished');
				if (finished === stop) {
					aborting.abort();
				}
			},
		});
		await t.throwsAsync(broken, {instanceOf: AbortError});
	}

	t.deepEqual(bits((await sweep(ladder, 'tiny', options)).record), bits(unbroken.record));
});

test('a halved sweep with contradictory figures is neither written nor read', async t => {
	const {own, result} = await run(t, halved);
	const {record, finalists = []} = result;
	const last = (finalists[0] ?? 0) + 1;
	// biome-ignore lint/suspicious/noExplicitAny: a forgery may be of any type
	const refuses = (change: (record: any) => void, message: RegExp): void => {
		const forged = structuredClone(record);
		change(forged);
		t.throws(
			() => writeSweep(path.join(own.folder, 'forged'), forged),
			{instanceOf: RecordError, message},
			String(message),
		);
	};
	const first = record.epochs.findIndex(({trial}) => trial === last);
	refuses(({epochs}) => {
		epochs[first].holdoutCorrect = 0; // the survivor was not among the best
		epochs[first].holdoutLoss = 100;
	}, /row \d+ of the (?:runs|epochs) should be /);
	refuses(
		({epochs}) =>
			epochs.splice(
				epochs.findIndex((row: {trial: number; epoch: number}) => row.trial === last && row.epoch === 9),
				1,
			),
		/row \d+ of the epochs should be epoch 9 of seed 101 of trial/,
	);
	refuses(({plan}) => (plan.finalists.seeds = [101, 202, 203]), /seed 101 appears twice/);
	refuses(({plan}) => (plan.finalists.count = 2), /row \d+ of the (?:runs|epochs) should be /);
	refuses(({plan}) => (plan.halving = 2), /row \d+ of the (?:runs|epochs) should be /);
	refuses(({plan}) => (plan.objective = 'loss'), /row \d+ of the (?:runs|epochs) should be /);
	refuses(record => (record.drawn = 5), /5 trials were drawn, where its plan ends at 12/);
	const stopped = record.runs.findIndex(({trial}) => record.epochs.filter(row => row.trial === trial).length === 1);
	refuses(({runs}) => (runs[stopped].diverged = 5), /diverged in epoch 5, and ends after epoch 1/);
	t.false(existsSync(path.join(own.folder, 'forged')));
});

test('a replay trains stopped runs as far as the record has them, and finds an edit in one', async t => {
	const {own, ladder, result} = await run(t, halved);
	const {record} = result;
	const data = await ladder.data.open(own.folder);
	const reported: string[] = [];
	const replayed = async (of: SweepRecord) =>
		replaySweep('records/sweeps/halved', of, data, {
			...{runs: of.runs, ladder: own.folder, jobs: 2, signal: new AbortController().signal},
			report: sentence => reported.push(sentence),
		});
	t.deepEqual(await replayed(record), []);
	t.is(reported.length, record.epochs.length);
	const stopped = record.epochs.findLastIndex(
		({trial, epoch}) => epoch === 1 && result.trials[trial - 1]?.stopped?.epoch === 1,
	);
	const edited = record.epochs.map((row, index) => (index === stopped ? {...row, trainLoss: row.trainLoss * 2} : row));
	t.regex(
		(await replayed({...record, epochs: edited})).join(),
		/`trainLoss` of seed 101 of trial \d+ .*, epoch 1, is /,
	);
});

test('a search proposes trials from results, the same ones each time, and its record determines them', async t => {
	const options = {
		search: 'tpe' as const,
		...{vary: [rates, {path: 'net.body.1.channels', range: {low: 1, high: 8, log: false}}], sample: 17},
		...{
			finalists: 2,
			seeds: [101],
			finalSeeds: [201, 202],
			holdout: 100,
			epochs: 2,
			name: 'search',
			maxParameters: 1500,
		},
	};
	const {result, own} = await run(t, options);
	const {result: again} = await run(t, {...options, jobs: 1});
	t.deepEqual(bits(again.record), bits(result.record));
	t.is(result.trials.length, 17);
	t.true(result.trials.every(({parameters}) => parameters <= 1500));
	t.deepEqual(followRecord(readSweep(path.join(own.folder, 'records/sweeps/search'))).trials, result.search.trials);

	// If another one of the random draws had been the best, other trials would have been proposed.
	const means = result.trials.slice(0, 10).map(({objective}) => objective?.mean ?? 0);
	const best = means.indexOf(Math.max(...means)) + 1;
	const other = best === 1 ? 2 : 1;
	const turned = {
		...result.record,
		epochs: result.record.epochs.map(row =>
			row.trial <= 10 ? {...row, holdoutCorrect: row.trial === other ? 100 : 0} : row,
		),
	};
	t.notDeepEqual(followRecord(turned).trials, result.search.trials);
});

test('trials are ranked by another objective where one is given', async t => {
	const {result} = await run(t, {
		...{
			vary: [{path: 'schedule.learningRate', values: [1e-6, 0.02, 0.03]}],
			seeds: [101, 102],
			holdout: 100,
			epochs: 2,
		},
		...{objective: 'loss', finalists: 1, finalSeeds: [201, 202], name: 'loss'},
	});
	const means = result.trials.map(({objective}) => objective?.mean ?? Number.NaN);
	const rows = result.record.epochs.filter(({trial, seed}) => trial === 1 && seed === 101);
	t.is(result.trials[0]?.objective?.bySeed.get(101), rows.reduce((sum, row) => sum + row.holdoutLoss, 0) / 2);
	t.deepEqual(result.finalists, [means.indexOf(Math.min(...means))]);
	t.deepEqual([result.objective, result.lowerIsBetter], ['loss', true]);
});

test('a budget ends the draws, and the record says after how many', async t => {
	const options = {
		...{vary: [rates], sample: 1000, finalists: 1, seeds: [101], finalSeeds: [201], holdout: 100, epochs: 2},
		...{name: 'budget', budget: 1},
	};
	const {result, own, ladder} = await run(t, options);
	const {drawn = 0} = result.record;
	t.true(drawn >= 10 && drawn < 1000 && drawn % 10 === 0, String(drawn));
	t.is(result.trials.length, drawn);
	t.deepEqual(readSweep(path.join(own.folder, 'records/sweeps/budget')), result.record);
	const again = await sweep(ladder, 'tiny', {
		...{...options, out: path.join(own.folder, 'runs/sweeps')},
		tell: () => t.fail('it trains again'),
	});
	t.deepEqual(again.record, result.record);
});

test('searches that could not work are refused before anything is trained', async t => {
	const refused = async (options: Partial<SweepOptions>, message: RegExp) =>
		t.throwsAsync(run(t, {...halved, ...options, tell: () => t.fail('it trains')}), {instanceOf: ConfigError, message});
	await refused(
		{epochs: 2},
		/`halving` of 3 would end no trial early: it needs at least 3 epochs and 3 trials .* there are 2 epochs and 12 trials/,
	);
	await refused({sample: 2}, /there are 9 epochs and 2 trials/);
	await refused({halving: 1}, /`halving` should be a whole number, at least 2, got 1/);
	await refused({vary: [{path: 'epochs', values: [8, 9]}]}, /no `epochs` with `halving`/);
	await refused({search: 'tpe'}, /`search` and `halving` exclude each other/);
	await refused({finalSeeds: [101]}, /`finalSeeds` has 101, which is one of `seeds`/);
	await refused({finalSeeds: [1, 1]}, /`finalSeeds` should be a list of different whole numbers/);
	await refused({objective: 'macroF1' as 'loss'}, /`objective` should be one of `accuracy`/);
	const {halving: _, finalists: __, sample: ___, finalSeeds: ____, ...plain} = halved;
	const refusedPlain = async (options: Partial<SweepOptions>, message: RegExp) =>
		t.throwsAsync(run(t, {...plain, vary: [{path: 'batchSize', values: [16]}], ...options}), {
			instanceOf: ConfigError,
			message,
		});
	await refusedPlain({search: 'tpe'}, /`sample` should be a number of trials to draw .* where `search` is given/);
	await refusedPlain({search: 'grid' as 'tpe', sample: 2}, /`search` should be `tpe`/);
	await refusedPlain({budget: 60}, /where `budget` is given/);
	await refusedPlain({finalSeeds: [7]}, /`finalSeeds` should be left out/);
});

test('a run of a halved sweep that was removed is trained again, and a damaged one too', async t => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const options = {...halved, out: path.join(own.folder, 'runs/sweeps')};
	const {record} = await sweep(ladder, 'tiny', options);
	rmSync(path.join(own.folder, 'records/sweeps/halved'), {recursive: true});
	const [removed, damaged] = readdirSync(options.out).filter(name =>
		existsSync(path.join(options.out, name, 'stopped.json')),
	);
	rmSync(path.join(options.out, removed ?? ''), {recursive: true});
	writeFileSync(path.join(options.out, damaged ?? '', 'stopped.json'), '{');
	const again = await sweep(ladder, 'tiny', options);
	t.deepEqual(bits(again.record), bits(record));
});
