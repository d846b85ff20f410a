import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {describe} from '../../ts/data/data.js';
import {openLadder} from '../../ts/index.js';
import {currentCondition} from '../../ts/native/condition.js';
import type {PlannedRun, RunProgress} from '../../ts/sweep/executor.js';
import {LocalExecutor, type LocalSettings} from '../../ts/sweep/local-executor.js';
import type {SweepPlan} from '../../ts/sweep/plan.js';
import type {FinishedTrial} from '../../ts/sweep/trial-folder.js';
import {TrialFolder} from '../../ts/sweep/trial-folder.js';
import {trialsOf} from '../../ts/sweep/trials.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** A sweep of two trials, one of which diverges in its third epoch, and a way to train its runs. */
const tinySweep = async (t: ExecutionContext) => {
	const own = tinyLadder(t);
	const ladder = await openLadder(own.folder);
	const data = await ladder.data.open(own.folder);
	const plan: SweepPlan = {
		...{step: 'tiny', experiment: ladder.step('tiny').experiment, data: describe(data), sample: null, seeds: [7]},
		...{holdout: 100, limitTrain: null, drawSeed: 1},
		vary: [{path: 'schedule.learningRate', values: [0.02, 1e6]}],
	};
	const condition = currentCondition({engine: 'fused'});
	const out = path.join(own.folder, 'runs');
	const runs = trialsOf(plan).map((trial, index) => {
		const folder = new TrialFolder(out, plan, trial.experiment, 7, condition);
		return {trial, index, seed: 7, folder};
	});
	const settings: LocalSettings = {
		...{plan, data, ladder: own.folder, condition, threads: 1, jobs: 2, fresh: false},
		signal: new AbortController().signal,
	};
	return {runs, settings};
};

const withEvents = async (executor: LocalExecutor, runs: readonly PlannedRun[]): Promise<string[]> => {
	const events: string[] = [];
	const say = (progress: RunProgress): string =>
		progress.type === 'found'
			? `found ${progress.runs.length}`
			: `${progress.run.index} ${progress.type} ${progress.epoch}`;
	await executor.train(runs, progress => events.push(say(progress)));
	return events;
};

const bits = (finished: FinishedTrial | undefined): unknown =>
	finished && [finished.outcome.diverged, finished.outcome.epochs.map(({seconds: _, ...row}) => row)];

test('a run that a list stops early goes on in a later list, or another process, to the bits of an unbroken run', async t => {
	const unbroken = await tinySweep(t);
	const once = new LocalExecutor(unbroken.settings);
	await once.train(unbroken.runs, () => {});
	once.release();

	const {runs, settings} = await tinySweep(t);
	const first = new LocalExecutor(settings);
	const toTwo = runs.map(run => ({...run, until: 2}));
	const stopped = await withEvents(first, toTwo);
	t.deepEqual(
		stopped.filter(event => event.startsWith('0')),
		['0 begun 0', '0 epoch 1', '0 epoch 2', '0 finished 2'],
	);
	const [base, , diverging] = runs;
	t.is(base?.folder.read(), undefined, 'it has no result yet');
	t.is(base?.folder.read(3), undefined);
	t.is(base?.folder.read(2)?.outcome.epochs.length, 2);
	t.true(existsSync(base?.folder.checkpoint ?? ''));
	t.is(diverging?.folder.read()?.outcome.diverged, 1, 'a run that diverges has ended');
	t.deepEqual(await withEvents(first, toTwo), ['found 3'], 'none is trained twice');
	t.deepEqual(
		(
			await withEvents(
				first,
				runs.slice(0, 1).map(run => ({...run, until: 3})),
			)
		).filter(event => / f/.test(event)),
		['0 finished 3'],
	);
	first.release();

	const second = new LocalExecutor(settings);
	t.is((await withEvents(second, runs))[0], 'found 1');
	second.release();
	t.deepEqual(
		runs.map(({folder}) => bits(folder.read())),
		unbroken.runs.map(({folder}) => bits(folder.read())),
	);
	t.deepEqual(readdirSync(base?.folder.path ?? '').toSorted(), ['begun.txt', 'result.json']);
});
