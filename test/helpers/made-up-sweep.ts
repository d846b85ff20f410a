import type {Experiment, SweepRecord} from '../../ts/index.js';
import type {SweepPlan} from '../../ts/sweep/plan.js';
import {followSearch, type RunResult, type WantedRun} from '../../ts/sweep/search.js';
import type {PlannedSetting} from '../../ts/sweep/varied.js';

/** The settings that a made-up sweep varies. */
export const madeUpVary: PlannedSetting[] = [
	{path: 'schedule.learningRate', range: {low: 0.001, high: 0.1, log: true}},
	{path: 'net.body.1.channels', range: {low: 1, high: 8, log: false}},
	{path: 'net.block.norm', values: ['none', 'batch']},
];

/** Returns the plan of a sweep of 40 draws over 9 epochs, of the step of `tinyLadder`. */
export const madeUpPlan = (experiment: Experiment, rest: Partial<SweepPlan> = {}): SweepPlan => ({
	...{
		step: 'tiny',
		experiment: {...experiment, epochs: 9},
		vary: madeUpVary,
		sample: {count: 40, draw: 1},
		seeds: [101],
	},
	...{holdout: 1000, limitTrain: null, drawSeed: 1},
	data: {
		...{name: 'Bars', channels: 1, size: 28, train: 4000, test: 60, hash: ''},
		classes: Array.from({length: 10}, (_, label) => String(label)),
	},
	...rest,
});

/** Makes up results: the rate and the channels matter, the norm does not, and each epoch adds to the accuracy. */
export const madeUpResult = ({trial, index, seed, until}: WantedRun): RunResult => {
	const {schedule, net} = trial.experiment;
	const rate = 'learningRate' in schedule ? schedule.learningRate : 0;
	const channels = (net.body[1] as {channels: number}).channels;
	const noise = ((index * 7919 + seed * 104_729) % 13) - 6;
	const base = 600 - 100 * Math.log10(rate / 0.02) ** 2 + 20 * channels + noise;
	const epochs = Array.from({length: until ?? 9}, (_, epoch) => {
		const holdoutCorrect = Math.round(base + 10 * epoch);
		return {
			epoch: epoch + 1,
			trainLoss: 1,
			trainCorrect: 1000,
			holdoutLoss: 2 - holdoutCorrect / 1000,
			holdoutCorrect,
			seconds: 1,
		};
	});
	return {epochs, diverged: null};
};

/** Returns the record of a plan with made-up results, or of its first runs. */
export const madeUpRecord = (plan: SweepPlan, most = Number.POSITIVE_INFINITY): SweepRecord => {
	const wanted = followSearch(plan, madeUpResult).runs.slice(0, most);
	const runs = wanted.map(({index, seed}) => ({
		...{trial: index, seed, engine: 'fused' as const, device: 'cpu', threads: 1, diverged: null, seconds: 9},
		...{begun: '2026-11-30T00:00:00.000Z', condition: 0},
	}));
	const epochs = wanted.flatMap(run =>
		madeUpResult(run).epochs.map(row => ({trial: run.index, seed: run.seed, ...row})),
	);
	return {plan, conditions: [], runs, epochs};
};
