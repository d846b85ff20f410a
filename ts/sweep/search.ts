import {bestOf, rungsOf, survivorsOf} from './halving.js';
import {objectives} from './objective.js';
import type {SweepPlan} from './plan.js';
import {epochsOfRuns, type SweepEpoch, type SweepRecord} from './sweep-record.js';
import {proposeSettings, type ScoredTrial} from './tpe.js';
import {addSample, drawSettings, listTrials, type Trial, TrialList} from './trials.js';

/** A run that a search asks for: a seed of a trial. */
export type WantedRun = {
	readonly trial: Trial;
	/** Index of the trial; 0 for the unchanged step. */
	readonly index: number;
	readonly seed: number;
	/** The epoch after which it is stopped; `undefined` for its last. */
	readonly until: number | undefined;
};

/** The result of a run, up to the epoch after which it was stopped. */
export type RunResult = {
	readonly epochs: ReadonlyArray<Omit<SweepEpoch, 'trial' | 'seed'>>;
	/** The epoch in which it diverged; `null` if none. */
	readonly diverged: number | null;
};

/** The course of a search, as far as results determine it. */
export type SearchState = {
	/** The unchanged step, then the trials. */
	readonly trials: readonly Trial[];
	/** Number of trials above the limit of parameters: of a grid left out, of a sample drawn again. */
	readonly tooLarge: number;
	/** Number of trials that were drawn, of a sample that a budget ended; else all. */
	readonly drawn: number;
	/** The epochs after which trials end; `undefined` without halving. */
	readonly rungs: readonly number[] | undefined;
	/** The trials that were run again on fresh seeds, the best first; empty in a sweep that has no finalists, or not yet. */
	readonly finalists: readonly number[];
	/** Whether no more runs will be asked for. */
	readonly isComplete: boolean;
	/** All runs, each with the last epoch that was asked for: ordered by trial, then seed; those of finalists last. */
	readonly runs: readonly WantedRun[];
};

/** A search: yields runs that can be trained now, and receives a function that returns their results. */
export type Search = Generator<readonly WantedRun[], undefined, (run: WantedRun) => RunResult>;

/** The limit of proposals for one trial that have too many parameters: the best trials may lie close to the limit. */
const mostProposals = 20;

/** Number of draws between two looks at the clock, in a sweep with a budget. */
const drawsAtOnce = 10;

const isDrawnInRounds = ({search, budget}: SweepPlan): boolean => search !== undefined || budget !== undefined;

/** Returns the number of trials that are drawn at once, after so many. */
export const roundOf = ({search, budget}: SweepPlan, drawn: number): number =>
	search
		? drawn === 0
			? search.startup
			: search.round
		: budget === undefined
			? Number.POSITIVE_INFINITY
			: drawsAtOnce;

/** Returns the epochs after which trials end, of a sweep of so many; the last alone without halving. */
export const rungsOfPlan = ({experiment, halving, finalists}: SweepPlan, trials: number): number[] =>
	halving === undefined
		? [experiment.epochs]
		: rungsOf(experiment.epochs, trials, {eta: halving, finalists: finalists?.count ?? 1});

/** Returns the number of runs of a sweep, each time that one is started or resumed, and their epochs, for so many trials of those planned. */
export const costOf = (plan: SweepPlan, trials: number, planned = trials): {runs: number; epochs: number} => {
	const {seeds, finalists, halving = 1} = plan;
	const {epochs} = plan.experiment;
	let standing = trials;
	let before = 0;
	let cost = {runs: seeds.length, epochs: seeds.length * epochs}; // of the unchanged step
	for (const rung of rungsOfPlan(plan, planned)) {
		standing = before === 0 ? standing : survivorsOf(standing, halving, finalists?.count ?? 1);
		const runs = seeds.length * standing;
		cost = {runs: cost.runs + runs, epochs: cost.epochs + runs * (rung - before)};
		before = rung;
	}

	const last = finalists ? (1 + Math.min(finalists.count, standing)) * finalists.seeds.length : 0;
	return {runs: cost.runs + last, epochs: cost.epochs + last * epochs};
};

/**
 * Follows the search of a plan through recorded results, as far as there are any.
 *
 * @param goesOn as for {@link TrialSearch}
 */
export const followSearch = (
	plan: SweepPlan,
	resultOf: (run: WantedRun) => RunResult | undefined,
	goesOn?: (drawn: number) => boolean,
): SearchState => {
	const search = new TrialSearch(plan, goesOn);
	const rounds = search.rounds();
	const known = (run: WantedRun): RunResult => resultOf(run) ?? {epochs: [], diverged: null};
	for (let round = rounds.next(known); !round.done; round = rounds.next(known)) {
		if (round.value.some(run => resultOf(run) === undefined)) {
			break;
		}
	}

	return search.state;
};

/** Follows the search of a record. */
export const followRecord = ({plan, drawn = Number.POSITIVE_INFINITY, runs, epochs}: SweepRecord): SearchState => {
	const rowsOf = epochsOfRuns(epochs);
	const results = new Map(
		runs.map(({trial, seed, diverged}) => [`${trial} ${seed}`, {diverged, epochs: rowsOf(trial, seed)}]),
	);
	return followSearch(
		plan,
		({index, seed}) => results.get(`${index} ${seed}`),
		count => count < drawn,
	);
};

/** A search, with its state after each list of runs. */
export class TrialSearch {
	readonly #plan: SweepPlan;
	readonly #goesOn: (drawn: number) => boolean;
	readonly #list: TrialList;
	readonly #rungs: readonly number[];
	readonly #asked = new Map<string, WantedRun>();
	#drawn = 0;
	#finalists: readonly number[] = [];
	#isComplete = false;

	/**
	 * @param goesOn called before each round of draws, of a sweep with a budget, with the number of draws so far
	 * @throws {ConfigError} for a plan without trials, or with too many
	 */
	constructor(plan: SweepPlan, goesOn: (drawn: number) => boolean = () => true) {
		this.#plan = plan;
		this.#goesOn = goesOn;
		const planned = listTrials(plan);
		this.#list = isDrawnInRounds(plan) ? new TrialList(plan) : planned;
		this.#rungs = rungsOfPlan(plan, planned.trials.length - 1);
	}

	get state(): SearchState {
		const {seeds, finalists, halving} = this.#plan;
		const runs = [...this.#asked.values()].toSorted((a, b) => a.index - b.index); // stable: seeds keep their order
		return {
			...{trials: this.#list.trials, tooLarge: this.#list.tooLarge, drawn: this.#drawn},
			...{finalists: this.#finalists, isComplete: this.#isComplete},
			rungs: halving === undefined ? undefined : this.#rungs,
			runs: finalists
				? [...runs.filter(({seed}) => seeds.includes(seed)), ...runs.filter(({seed}) => !seeds.includes(seed))]
				: runs,
		};
	}

	/** The story of a search. The unchanged step is trained to its end, as the baseline. */
	*rounds(): Search {
		const {seeds, sample, finalists} = this.#plan;
		const [first, ...later] = this.#rungs;
		const count = sample?.count ?? this.#list.trials.length - 1;
		let resultOf: (run: WantedRun) => RunResult = () => ({epochs: [], diverged: null});
		while (this.#drawn < count && (this.#drawn === 0 || this.#goesOn(this.#drawn))) {
			const before = this.#drawn === 0 ? 0 : this.#list.trials.length;
			this.#draw(count, resultOf);
			const added = this.#list.trials.map((_, index) => index).slice(before);
			resultOf = yield this.#ask(added, seeds, first);
		}

		let standing = this.#list.trials.map((_, index) => index).slice(1);
		let until = first;
		for (const rung of later) {
			const scores = standing.map(index => this.#scoreAt(index, until, resultOf));
			const {eta, least} = {eta: this.#plan.halving ?? 1, least: finalists?.count ?? 1};
			standing = bestOf(scores, survivorsOf(standing.length, eta, least))
				.map(position => standing[position] ?? 0)
				.toSorted((a, b) => a - b);
			resultOf = yield this.#ask(standing, seeds, rung);
			until = rung;
		}

		if (finalists) {
			const scores = standing.map(index => this.#scoreAt(index, undefined, resultOf));
			const converged = scores.filter(score => !Number.isNaN(score)).length;
			this.#finalists = bestOf(scores, Math.min(finalists.count, converged)).map(position => standing[position] ?? 0);
			if (converged > 0) {
				yield this.#ask([0, ...this.#finalists.toSorted((a, b) => a - b)], finalists.seeds, undefined);
			}
		}

		this.#isComplete = true;
		return undefined;
	}

	/** Draws the next round of trials. */
	#draw(count: number, resultOf: (run: WantedRun) => RunResult): void {
		const {vary, sample, search} = this.#plan;
		const from = this.#drawn;
		const to = Math.min(count, from + roundOf(this.#plan, from));
		this.#drawn = to;
		if (!isDrawnInRounds(this.#plan)) {
			return;
		}

		if (!search || from === 0) {
			addSample(this.#list, this.#plan, {from, to});
			return;
		}

		const history = this.#list.trials.slice(1).map(({settings}, index): ScoredTrial => {
			const score = this.#scoreAt(index + 1, undefined, resultOf);
			return {settings, score: Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score};
		});
		for (let trial = from; trial < to; trial += 1) {
			const proposed = this.#list.trials.slice(1 + history.length).map(({settings}) => settings);
			this.#list.addDrawn(`${sample?.draw} ${trial}`, (name, again) =>
				again < mostProposals
					? proposeSettings(vary, history, [...proposed, ...this.#list.rejected], name) // too large ones aren't good
					: drawSettings(vary, name),
			);
		}
	}

	/** Returns the runs of some trials up to an epoch. The unchanged step goes on to its end. */
	#ask(trials: readonly number[], seeds: readonly number[], until: number | undefined): WantedRun[] {
		const {epochs} = this.#plan.experiment;
		const all = this.#list.trials; // a copy at each call
		return trials.flatMap(index => {
			const trial = all[index];
			return seeds.flatMap(seed => {
				if (!trial) {
					return [];
				}

				const run = {trial, index, seed, until: index === 0 || until === epochs ? undefined : until};
				this.#asked.set(`${index} ${seed}`, run);
				return [run];
			});
		});
	}

	/** Returns the score of a trial over its seeds after an epoch, or at its end; NaN if one diverged. */
	#scoreAt(index: number, until: number | undefined, resultOf: (run: WantedRun) => RunResult): number {
		const {seeds, holdout, experiment, objective = 'accuracy'} = this.#plan;
		const {sign, of, soFar} = objectives[objective];
		const scores = seeds.map(seed => {
			const run = this.#asked.get(`${index} ${seed}`);
			const {epochs, diverged} = run ? resultOf(run) : {epochs: [], diverged: 1};
			return diverged !== null || epochs.length === 0
				? Number.NaN
				: until === undefined || until === experiment.epochs
					? sign * of(epochs, holdout)
					: soFar(epochs.slice(0, until), holdout);
		});
		return scores.reduce((sum, score) => sum + score, 0) / scores.length;
	}
}
