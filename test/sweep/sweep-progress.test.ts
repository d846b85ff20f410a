import test, {type ExecutionContext} from 'ava';
import {openLadder} from '../../ts/index.js';
import {currentCondition} from '../../ts/native/condition.js';
import type {PlannedRun} from '../../ts/sweep/executor.js';
import type {SweepPlan} from '../../ts/sweep/plan.js';
import type {SweepEvent} from '../../ts/sweep/sweep-event.js';
import {SweepProgress} from '../../ts/sweep/sweep-progress.js';
import {TrialFolder} from '../../ts/sweep/trial-folder.js';
import {trialsOf} from '../../ts/sweep/trials.js';
import {madeUpPlan} from '../helpers/made-up-sweep.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** A progress whose clock is moved by hand, in seconds, with the runs that it may receive. */
const progressOf = async (t: ExecutionContext, rest: Partial<SweepPlan>) => {
	const plan = madeUpPlan((await openLadder(tinyLadder(t).folder)).step('tiny').experiment, rest);
	const trials = trialsOf(plan);
	const clock = {seconds: 0};
	let last: SweepEvent | undefined;
	const progress = new SweepProgress(
		plan,
		trials,
		event => {
			last = event;
		},
		() => 1000 * clock.seconds,
	);
	const runOf = (index: number, until?: number): PlannedRun => {
		const [trial] = trials.slice(index);
		if (!trial) {
			throw new Error(`no trial ${index}`);
		}

		const folder = new TrialFolder('runs', plan, trial.experiment, 101, currentCondition({engine: 'fused'}));
		return {trial, index, seed: 101, until, folder};
	};
	const receive = (type: 'begun' | 'epoch' | 'finished', run: PlannedRun, epoch: number): SweepEvent | undefined => {
		progress.receive({type, run, epoch, holdoutCorrect: undefined, diverged: false});
		return last;
	};
	return {progress, clock, runOf, receive};
};

test('under halving the time left is that of the epochs that the rungs still need', async t => {
	// 27 trials: 1 epoch each, 9 of them 2 more, 3 of them 6 more; the unchanged step 9; finalist and unchanged step 9 each, on a fresh seed
	const {progress, clock, runOf, receive} = await progressOf(t, {
		...{sample: {count: 27, draw: 1}, halving: 3, finalists: {count: 1, seeds: [201]}},
	});
	progress.startRound();
	progress.receive({type: 'found', runs: [runOf(0)]}); // by an earlier command
	t.is(receive('begun', runOf(1, 1), 0)?.secondsLeft, undefined);
	clock.seconds = 2;
	const first = receive('epoch', runOf(1, 1), 1);
	const all = 9 + 27 + 9 * 2 + 3 * 6 + 2 * 9;
	t.deepEqual([first?.epochsDone, first?.epochsOf], [10, all]);
	t.is(first?.secondsLeft, 2 * (all - 10));
	receive('finished', runOf(1, 1), 1);
	progress.startRound();
	clock.seconds = 4;
	// the next rung has the epoch before it again, which is not trained again
	receive('begun', runOf(1, 3), 1);
	t.is(receive('epoch', runOf(1, 3), 1)?.epochsDone, 10);
	t.is(receive('epoch', runOf(1, 3), 2)?.secondsLeft, 2 * (all - 11));
});

test('a run that is resumed from a checkpoint counts by the epochs that it has left, a diverged one has none', async t => {
	const {clock, runOf, receive} = await progressOf(t, {sample: {count: 2, draw: 1}});
	receive('begun', runOf(0), 6);
	for (const epoch of [1, 2, 3, 4, 5, 6]) {
		t.is(receive('epoch', runOf(0), epoch)?.secondsLeft, undefined);
	}

	clock.seconds = 5;
	t.is(receive('epoch', runOf(0), 7)?.secondsLeft, 5 * (27 - 7));
	t.is(receive('finished', runOf(1), 3)?.secondsLeft, 5 * (27 - 16));
});

test('trials with other epochs than the step count with theirs', async t => {
	const {receive, runOf} = await progressOf(t, {sample: null, vary: [{path: 'epochs', values: [3, 12]}]});
	t.is(receive('begun', runOf(0), 0)?.epochsOf, 9 + 3 + 12);
});
