import {type Measured, measured} from '../claims/measured.js';
import type {SweepSummary, TrialSummary} from '../claims/sweep-summary.js';
import {ConfigError} from '../errors/index.js';
import {settingsName} from '../experiment/settings.js';
import {formatValue} from '../format/value.js';
import {groupBy} from '../statistics/group-by.js';
import {holm} from '../statistics/holm.js';
import {type PairedDifference, pairedDifference} from '../statistics/paired.js';
import {objectives} from './objective.js';
import {followRecord, type SearchState} from './search.js';
import {epochsOfRuns, type SweepRecord} from './sweep-record.js';
import {parametersOf} from './trials.js';

/** The outcome of a sweep, with its record. */
export type SweepResult = SweepSummary & {
	readonly record: SweepRecord;
	/** How its trials were found, and which runs they have. */
	readonly search: SearchState;
};

/**
 * Computes the outcome of a sweep: the objective of each trial, and its difference from the unchanged step, paired over seeds and
 * corrected by Holm. In a sweep with finalists these alone are tested, on their fresh seeds: the best of many trials is in part the
 * luckiest on the seeds of the search.
 */
export const summarizeSweep = (name: string, record: SweepRecord): SweepResult => {
	const {plan} = record;
	const {finalists: final, objective = 'accuracy'} = plan;
	const search = followRecord(record);
	const [base, ...trials] = summarizeTrials(record, search);
	if (!base) {
		throw new ConfigError('sweep', 'with the unchanged step', formatValue(name));
	}

	const tested = final ? search.finalists.map(index => index - 1) : trials.map((_, index) => index);
	const differences = new Map(
		tested.map(index => {
			const trial = trials[index];
			return [index, final ? differenceOf(trial?.final, base.final) : differenceOf(trial?.objective, base.objective)];
		}),
	);
	const ps = tested.map(index => {
		const difference = differences.get(index);
		return difference && difference.difference.values.length > 1 ? difference.pValue : 1;
	});
	const corrected = new Map(holm(ps).map((p, position) => [tested[position], p]));
	return {
		...{name, step: plan.step, seeds: plan.seeds, holdout: plan.holdout, epochs: plan.experiment.epochs},
		...{objective, lowerIsBetter: objectives[objective].sign === -1, tooLarge: search.tooLarge},
		...{finalists: final ? tested : undefined, finalSeeds: final?.seeds ?? [], record, search},
		base: {...base, difference: undefined, corrected: 1, significant: false},
		trials: trials.map((trial, index) => {
			const p = corrected.get(index) ?? 1;
			return {...trial, difference: differences.get(index), corrected: p, significant: p < 0.05};
		}),
	};
};

type Untested = Omit<TrialSummary, 'difference' | 'corrected' | 'significant'>;

/** Computes what each trial's own runs say. */
const summarizeTrials = ({plan, runs, epochs}: SweepRecord, {trials, runs: wanted}: SearchState): Untested[] => {
	const {seeds, finalists, holdout, objective = 'accuracy'} = plan;
	const {sign, of, soFar} = objectives[objective];
	const rowsOf = epochsOfRuns(epochs);
	const runsByTrial = groupBy(runs, ({trial}) => trial);
	const endByTrial = new Map(wanted.filter(({seed}) => seeds.includes(seed)).map(({index, until}) => [index, until]));
	return trials.map(({settings, experiment}, trial) => {
		const all = runsByTrial.get(trial) ?? [];
		const own = all.filter(({seed}) => seeds.includes(seed));
		const over = (runs: typeof all, value: (rows: typeof epochs) => number): Measured | undefined => {
			const converged = runs.filter(({diverged}) => diverged === null);
			const values = converged.map(({seed}) => [seed, value(rowsOf(trial, seed))] as const);
			return values.length > 0 ? measured(new Map(values)) : undefined;
		};
		const epoch = endByTrial.get(trial);
		const ended = epoch === undefined ? undefined : over(own, rows => sign * soFar(rows, holdout));
		return {
			...{name: settingsName({settings}), settings, parameters: parametersOf(experiment)},
			holdout: epoch === undefined ? over(own, rows => objectives.accuracy.of(rows, holdout)) : undefined,
			objective: epoch === undefined ? over(own, rows => of(rows, holdout)) : undefined,
			stopped: epoch === undefined ? undefined : {epoch, value: ended?.mean ?? Number.NaN},
			final: over(
				all.filter(({seed}) => finalists?.seeds.includes(seed)),
				rows => of(rows, holdout),
			),
			diverged: all.flatMap(({seed, diverged}) => (diverged === null ? [] : [seed])),
		};
	});
};

/** Returns the difference of two measures over the seeds they have in common; `undefined` without any. */
const differenceOf = (a: Measured | undefined, b: Measured | undefined): PairedDifference | undefined => {
	const common = a && b && [...a.bySeed.keys()].some(seed => b.bySeed.has(seed));
	return common ? pairedDifference(a.bySeed, b.bySeed) : undefined;
};
