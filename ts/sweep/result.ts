import {measured} from '../claims/measured.js';
import type {SweepSummary} from '../claims/sweep-summary.js';
import {ConfigError} from '../errors/index.js';
import {lastEpochs} from '../experiment/measures.js';
import {settingsName} from '../experiment/settings.js';
import {formatValue} from '../format/value.js';
import {groupBy} from '../statistics/group-by.js';
import {holm} from '../statistics/holm.js';
import {pairedDifference} from '../statistics/paired.js';
import type {SweepRecord} from './sweep-record.js';
import {countTrials, parametersOf} from './trials.js';

/** The outcome of a sweep, with its record. */
export type SweepResult = SweepSummary & {readonly record: SweepRecord};

/**
 * Computes the outcome of a sweep: validation accuracy of each trial, and its difference from the unchanged step, paired over
 * seeds and corrected by Holm.
 */
export const summarizeSweep = (name: string, record: SweepRecord): SweepResult => {
	const {plan, runs, epochs} = record;
	const rowsByRun = groupBy(epochs, ({trial, seed}) => `${trial} ${seed}`);
	const {trials: planned, tooLarge} = countTrials(plan);
	const summaries = planned.map(({settings, experiment}, trial) => {
		const own = runs.filter(run => run.trial === trial);
		const converged = own.filter(({diverged}) => diverged === null).map(({seed}) => seed);
		const bySeed = new Map(
			converged.map(seed => {
				const last = (rowsByRun.get(`${trial} ${seed}`) ?? []).slice(-lastEpochs);
				return [seed, last.reduce((sum, {holdoutCorrect}) => sum + holdoutCorrect, 0) / (last.length * plan.holdout)];
			}),
		);
		const holdout = converged.length > 0 ? measured(bySeed) : undefined;
		const diverged = own.flatMap(({seed, diverged}) => (diverged === null ? [] : [seed]));
		return {name: settingsName({settings}), settings, parameters: parametersOf(experiment), holdout, diverged};
	});
	const [base, ...trials] = summaries;
	if (!base) {
		throw new ConfigError('sweep', 'with the unchanged step', formatValue(name));
	}

	const compared = trials.map(({holdout}) => {
		const common = base.holdout && holdout && [...holdout.bySeed.keys()].some(seed => base.holdout?.bySeed.has(seed));
		return common && base.holdout && holdout ? pairedDifference(holdout.bySeed, base.holdout.bySeed) : undefined;
	});
	const corrected = holm(
		compared.map(difference => (difference && difference.difference.values.length > 1 ? difference.pValue : 1)),
	);
	return {
		...{name, step: plan.step, seeds: plan.seeds, holdout: plan.holdout, epochs: plan.experiment.epochs},
		...{tooLarge, record},
		base: {...base, difference: undefined, corrected: 1, significant: false},
		trials: trials.map((trial, index) => {
			const p = corrected[index] ?? 1;
			return {...trial, difference: compared[index], corrected: p, significant: p < 0.05};
		}),
	};
};
