import {existsSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {openLadder, RecordError, type SweepRecord, sweep} from '../../ts/index.js';
import {readSweep, writeSweep} from '../../ts/sweep/file.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** A record with every mutable part its own. */
// biome-ignore lint/suspicious/noExplicitAny: a forgery may be of any type
type Loose = {-readonly [Key in keyof SweepRecord]: any};

test('a sweep with contradictory figures is neither written nor read, whatever its checksums', async t => {
	const folder = tinyLadder(t).folder;
	const {record} = await sweep(await openLadder(folder), 'tiny', {
		...{vary: [{path: 'batchSize', values: [64]}], seeds: [1, 2], holdout: 100, epochs: 2},
		out: path.join(folder, 'runs'),
	});
	t.deepEqual(readSweep(path.join(folder, 'records', 'sweeps', 'tiny-batch-size')), record);

	const target = path.join(folder, 'forged');
	const refuses = (change: (record: Loose) => void, message: RegExp): void => {
		const forged = structuredClone(record) as Loose;
		change(forged);
		t.throws(() => writeSweep(target, forged), {instanceOf: RecordError, message}, String(message));
	};
	refuses(
		({epochs}) => (epochs[3].holdoutCorrect = 101),
		/epoch 2 of seed 2 of trial 0 has 101 of 100 held-out images right/,
	);
	refuses(
		({epochs}) => (epochs[0].trainCorrect = 301),
		/epoch 1 of seed 1 of trial 0 has 301 of 300 training images right/,
	);
	refuses(({epochs}) => {
		epochs[0].holdoutLoss = 0;
		epochs[0].holdoutCorrect = 90;
	}, /has a loss of 0 on the held-out images, whose wrong predictions alone make 0\.0693/);
	refuses(({epochs}) => epochs.pop(), /row 8 of the epochs should be epoch 2 of seed 2 of trial 1, it is missing/);
	refuses(
		({epochs}) => epochs.reverse(),
		/row 1 of the epochs should be epoch 1 of seed 1 of trial 0, it is epoch 2 of seed 2 of trial 1/,
	);
	refuses(({runs}) => runs.shift(), /row 1 of the runs should be seed 1 of trial 0, it is seed 2 of trial 0/);
	refuses(({runs}) => (runs[1].condition = 7), /seed 2 of trial 0 names condition 7, and there are 1, from 0/);
	refuses(({conditions}) => conditions.push(conditions[0]), /no run has condition 1/);
	refuses(
		({runs}) => (runs[0].device = 'cuda'),
		/seed 1 of trial 0 ran on `fused` and `cuda`: sweeps run on `fused` and `cpu`/,
	);
	refuses(
		({runs}) => (runs[0].engine = 'aten'),
		/seed 1 of trial 0 ran on `aten` and `cpu`: sweeps run on `fused` and `cpu`/,
	);
	refuses(({runs}) => (runs[0].threads = 5000), /ran on 5000 threads/);
	refuses(({runs}) => (runs[0].seconds = 1e-9), /took 1e-9 seconds, and its epochs alone/);
	refuses(
		({runs}) => (runs[3].diverged = 2),
		/row 8 of the epochs should be the end, it is epoch 2 of seed 2 of trial 1/,
	);
	refuses(({plan}) => (plan.seeds = [1, 1]), /seed 1 appears twice/);
	refuses(
		({plan}) => (plan.vary = [{path: 'batchSize', values: [64, 16]}]),
		/row 5 of the runs should be seed 1 of trial 2, it is missing/,
	);
	refuses(({plan}) => (plan.vary = [{path: 'batchSize', values: [32]}]), /a value that the step does not have already/);
	refuses(({plan}) => (plan.vary = [{path: 'batchSize', values: [-1]}]), /`batchSize`/);
	refuses(({plan}) => (plan.holdout = 50), /of 50 held-out images right/);
	refuses(({plan}) => (plan.holdout = 400), /`images` should be a whole number, at least 1/);
	refuses(({plan}) => (plan.experiment.epochs = 3), /row 3 of the epochs should be epoch 3 of seed 1 of trial 0/);
	refuses(({plan}) => (plan.data.size = 32), /its data do not fit its net/);
	t.false(existsSync(target));
});
