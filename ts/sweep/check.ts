import {learningRates} from '../experiment/learning-rates.js';
import {groupBy} from '../statistics/group-by.js';
import {type SweepPlan, trainedOn} from './plan.js';
import {followRecord} from './search.js';
import type {SweepEpoch, SweepRecord, SweepRun} from './sweep-record.js';

/**
 * Checks the parts of a sweep for consistency, as far as possible without the images.
 *
 * @returns a sentence for each contradiction
 * @throws {ConfigError} if the plan can't be run
 */
export const checkSweep = (record: SweepRecord): string[] => {
	const {plan, conditions, runs, epochs} = record;
	const {trials, runs: wantedRuns, drawn} = followRecord(record); // which run ends where follows from the figures
	for (const {experiment} of trials) {
		learningRates(experiment, trainedOn(plan)); // checks all settings
	}

	const seeds = [...plan.seeds, ...(plan.finalists?.seeds ?? [])];
	const ends = new Map(wantedRuns.map(({index, seed, until}) => [runName({trial: index, seed}), until]));
	const rowsByRun = groupBy(epochs, runName);
	const twice = seeds.find((seed, index) => seeds.indexOf(seed) !== index);
	const unused = conditions.findIndex((_, index) => runs.every(({condition}) => condition !== index));
	const wanted = wantedRuns.map(({index, seed}) => runName({trial: index, seed}));
	const found = runs.map(runName);
	const rows = runs.flatMap(run =>
		finishedEpochs(run, ends.get(runName(run)) ?? trials[run.trial]?.experiment.epochs ?? 0),
	);
	const foundRows = epochs.map(({trial, seed, epoch}) => `epoch ${epoch} of seed ${seed} of trial ${trial}`);
	return [
		...(twice === undefined ? [] : [`seed ${twice} appears twice`]),
		...checkPlan(plan),
		...(record.drawn === undefined || (plan.budget !== undefined && record.drawn === drawn)
			? []
			: [`${record.drawn} trials were drawn, where its plan ends at ${drawn}`]),
		...(unused === -1 ? [] : [`no run has condition ${unused}`]),
		...inOrder('runs', wanted, found),
		...inOrder('epochs', rows, foundRows),
		...runs.flatMap(run => checkRun(run, rowsByRun.get(runName(run)) ?? [], conditions.length)),
		...runs.flatMap(run => {
			const end = ends.get(runName(run)) ?? trials[run.trial]?.experiment.epochs ?? 0;
			return run.diverged !== null && run.diverged > end
				? [`${runName(run)} diverged in epoch ${run.diverged}, and ends after epoch ${end}`]
				: [];
		}),
		...epochs.flatMap(row => checkRow(row, plan)),
	];
};

const checkPlan = (plan: SweepPlan): string[] => {
	const {channels, size, classes} = plan.experiment.net;
	const {data} = plan;
	const fits = data.channels === channels && data.size === size && data.classes.length <= classes;
	return [
		...(fits ? [] : ['its data do not fit its net']),
		...(data.validation === undefined || data.validation === plan.holdout
			? []
			: [`its data have ${data.validation} validation images, and ${plan.holdout} were held out`]),
	];
};

/** Names all epochs of a run, or those before it diverged. */
const finishedEpochs = ({trial, seed, diverged}: SweepRun, end: number): string[] =>
	Array.from(
		{length: diverged === null ? end : Math.min(end, diverged - 1)},
		(_, epoch) => `epoch ${epoch + 1} of seed ${seed} of trial ${trial}`,
	);

const inOrder = (what: string, wanted: readonly string[], found: readonly string[]): string[] => {
	const indices = Array.from({length: Math.max(wanted.length, found.length)}, (_, index) => index);
	const wrong = indices.find(index => wanted[index] !== found[index]);
	return wrong === undefined
		? []
		: [`row ${wrong + 1} of the ${what} should be ${wanted[wrong] ?? 'the end'}, it is ${found[wrong] ?? 'missing'}`];
};

const runName = ({trial, seed}: Pick<SweepRun, 'trial' | 'seed'>): string => `seed ${seed} of trial ${trial}`;

const checkRun = (run: SweepRun, rows: readonly SweepEpoch[], conditions: number): string[] => {
	const of = runName(run);
	const counted = rows.reduce((sum, row) => sum + row.seconds, 0);
	return [
		...(run.condition < conditions
			? []
			: [`${of} names condition ${run.condition}, and there are ${conditions}, from 0`]),
		...(run.engine === 'fused' && run.device === 'cpu'
			? []
			: [`${of} ran on \`${run.engine}\` and \`${run.device}\`: sweeps run on \`fused\` and \`cpu\``]),
		...(run.threads > 1024 ? [`${of} ran on ${run.threads} threads, where 1024 are the most`] : []),
		...(run.seconds < counted * (1 - 1e-9)
			? [`${of} took ${run.seconds} seconds, and its epochs alone ${counted}`]
			: []),
	];
};

/** A wrong prediction gives the right class a probability of at most one half, so its loss is at least ln 2. */
const checkRow = (row: SweepEpoch, plan: SweepPlan): string[] => {
	const of = `epoch ${row.epoch} of seed ${row.seed} of trial ${row.trial}`;
	const total = trainedOn(plan);
	const least = ((plan.holdout - row.holdoutCorrect) * Math.LN2 * (1 - 1e-5)) / plan.holdout;
	return [
		...(row.trainCorrect > total ? [`${of} has ${row.trainCorrect} of ${total} training images right`] : []),
		...(row.holdoutCorrect > plan.holdout
			? [`${of} has ${row.holdoutCorrect} of ${plan.holdout} held-out images right`]
			: []),
		...(row.holdoutLoss < least
			? [
					`${of} has a loss of ${row.holdoutLoss} on the held-out images, whose wrong predictions alone make ${least.toPrecision(4)}`,
				]
			: []),
	];
};
