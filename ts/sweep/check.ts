import {learningRates} from '../experiment/learning-rates.js';
import {type SweepPlan, type Trial, trialsOf} from './plan.js';
import type {SweepEpoch, SweepRecord, SweepRun} from './sweep-record.js';

/**
 * Holds the parts of a sweep against each other, by all that can be said without the images.
 *
 * @returns a sentence for each thing that can't be
 * @throws {ConfigError} for a plan that can't be run
 */
export const checkSweep = ({plan, conditions, runs, epochs}: SweepRecord): string[] => {
	const trials = trialsOf(plan);
	for (const {experiment} of trials) {
		learningRates(experiment, learnedFrom(plan)); // judges all settings
	}

	const {seeds} = plan;
	const twice = seeds.find((seed, index) => seeds.indexOf(seed) !== index);
	const unused = conditions.findIndex((_, index) => runs.every(({condition}) => condition !== index));
	const wanted = trials.flatMap((_, trial) => seeds.map(seed => `seed ${seed} of trial ${trial}`));
	const found = runs.map(({trial, seed}) => `seed ${seed} of trial ${trial}`);
	const rows = runs.flatMap(run => wholeRows(run, trials[run.trial]));
	const foundRows = epochs.map(({trial, seed, epoch}) => `epoch ${epoch} of seed ${seed} of trial ${trial}`);
	return [
		...(twice === undefined ? [] : [`seed ${twice} is there twice`]),
		...judgePlan(plan),
		...(unused === -1 ? [] : [`nothing ran under condition ${unused}`]),
		...inOrder('runs', wanted, found),
		...inOrder('epochs', rows, foundRows),
		...runs.flatMap(run => judgeRun(run, epochs, conditions.length)),
		...epochs.flatMap(row => judgeRow(row, plan)),
	];
};

/** Training images that are left beside those kept aside. */
const learnedFrom = ({data, limitTrain, holdout}: SweepPlan): number =>
	Math.min(limitTrain ?? data.train, data.train) - holdout;

const judgePlan = (plan: SweepPlan): string[] => {
	const {channels, size, classes} = plan.experiment.net;
	const {data} = plan;
	const fits = data.channels === channels && data.size === size && data.classes.length <= classes;
	return fits ? [] : ['its data do not fit its net'];
};

/** All epochs, or those before the one that diverged. */
const wholeRows = ({trial, seed, diverged}: SweepRun, of: Trial | undefined): string[] =>
	Array.from(
		{length: diverged === null ? (of?.experiment.epochs ?? 0) : diverged - 1},
		(_, epoch) => `epoch ${epoch + 1} of seed ${seed} of trial ${trial}`,
	);

const inOrder = (what: string, wanted: readonly string[], found: readonly string[]): string[] => {
	const places = Array.from({length: Math.max(wanted.length, found.length)}, (_, place) => place);
	const place = places.find(place => wanted[place] !== found[place]);
	return place === undefined
		? []
		: [`row ${place + 1} of the ${what} should be ${wanted[place] ?? 'the end'}, it is ${found[place] ?? 'missing'}`];
};

const judgeRun = (run: SweepRun, epochs: readonly SweepEpoch[], conditions: number): string[] => {
	const of = `seed ${run.seed} of trial ${run.trial}`;
	const counted = epochs
		.filter(({trial, seed}) => trial === run.trial && seed === run.seed)
		.reduce((sum, row) => sum + row.seconds, 0);
	return [
		...(run.condition < conditions
			? []
			: [`${of} names condition ${run.condition}, and there are ${conditions}, from 0`]),
		...(run.engine === 'fused' && run.device !== 'cpu'
			? [`${of} ran on \`fused\` and \`${run.device}\`, where it can’t run`]
			: []),
		...(run.threads > 1024 ? [`${of} ran on ${run.threads} threads, where 1024 are the most`] : []),
		...(run.seconds < counted * (1 - 1e-9)
			? [`${of} took ${run.seconds} seconds, and its epochs alone ${counted}`]
			: []),
	];
};

/** A wrong answer has a likelier class than the right one, which so has at most half: its loss is ln 2 or more. */
const judgeRow = (row: SweepEpoch, plan: SweepPlan): string[] => {
	const of = `epoch ${row.epoch} of seed ${row.seed} of trial ${row.trial}`;
	const total = learnedFrom(plan);
	const least = ((plan.holdout - row.holdoutCorrect) * Math.LN2 * (1 - 1e-5)) / plan.holdout;
	return [
		...(row.trainCorrect > total ? [`${of} has ${row.trainCorrect} of ${total} training images right`] : []),
		...(row.holdoutCorrect > plan.holdout
			? [`${of} has ${row.holdoutCorrect} of ${plan.holdout} images right that were kept aside`]
			: []),
		...(row.holdoutLoss < least
			? [
					`${of} has a loss of ${row.holdoutLoss} on images kept aside, and its wrong answers alone make ${least.toPrecision(4)}`,
				]
			: []),
	];
};
