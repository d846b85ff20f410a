import {settingsName} from '../experiment/settings.js';
import type {PlannedRun, RunProgress} from './executor.js';
import type {SweepPlan} from './plan.js';
import {costOf, roundOf} from './search.js';
import type {SweepEvent} from './sweep-event.js';
import type {Trial} from './trials.js';

/**
 * Turns the progress of lists of runs into the events of a sweep, and estimates the time that it takes by the epochs that are left: those of
 * the rungs to come included.
 */
export class SweepProgress {
	readonly #plan: SweepPlan;
	readonly #planned: number;
	readonly #tell: (event: SweepEvent) => void;
	readonly #now: () => number;
	readonly #begun: number;
	#of: number;
	#done = 0;
	#doneBefore = 0;
	/** Epochs of the sweep as planned; finished ones, of all processes; those that were trained in this one. */
	#epochs: number;
	#epochsDone = 0;
	#epochsTrained = 0;
	/** Finished epochs of each run, of which a later list has those of earlier ones again. */
	readonly #reached = new Map<string, number>();

	/**
	 * @param trials the unchanged step, then the planned trials
	 * @param now returns the time in milliseconds
	 */
	constructor(
		plan: SweepPlan,
		trials: readonly Trial[],
		tell: (event: SweepEvent) => void,
		now = () => performance.now(),
	) {
		this.#plan = plan;
		this.#planned = trials.length - 1;
		this.#tell = tell;
		this.#now = now;
		this.#begun = now();
		const cost = costOf(plan, this.#planned);
		const more = trials.reduce((sum, {experiment}) => sum + experiment.epochs - plan.experiment.epochs, 0); // where epochs are varied
		this.#of = cost.runs;
		this.#epochs = cost.epochs + more * plan.seeds.length;
	}

	startRound(): void {
		this.#doneBefore = this.#done;
	}

	readonly receive = (progress: RunProgress): void => {
		if (progress.type === 'found') {
			this.#done = this.#doneBefore + progress.runs.length;
			for (const run of progress.runs) {
				this.#reach(run, endOf(run));
			}

			return;
		}

		const {type, run, epoch, holdoutCorrect, diverged} = progress;
		this.#done += Number(type === 'finished');
		const added = this.#reach(run, type === 'finished' ? endOf(run) : epoch);
		this.#epochsTrained += type === 'epoch' ? added : 0;
		this.#tell({
			...{type, trial: settingsName(run.trial), seed: run.seed, epoch, epochs: endOf(run), diverged},
			holdoutAccuracy: holdoutCorrect === undefined ? undefined : holdoutCorrect / this.#plan.holdout,
			...{done: this.#done, of: Math.max(this.#of, this.#done)},
			...{epochsDone: this.#epochsDone, epochsOf: Math.max(this.#epochs, this.#epochsDone)},
			secondsLeft: this.#secondsLeft(),
		});
	};

	/** Whether another round of draws is likely to end within the budget, by the time that an epoch took in this process. */
	leavesTime(drawn: number): boolean {
		const {budget} = this.#plan;
		if (budget === undefined || this.#epochsTrained === 0) {
			return true;
		}

		const trials = Math.min(this.#planned, drawn + roundOf(this.#plan, drawn));
		const leaves = costOf(this.#plan, trials, this.#planned).epochs * this.#secondsPerEpoch() <= budget;
		if (!leaves) {
			const {runs, epochs} = costOf(this.#plan, drawn, this.#planned);
			[this.#of, this.#epochs] = [runs, epochs];
		}

		return leaves;
	}

	/** Notes that a run has finished so many epochs, and returns how many of them are new. */
	#reach({index, seed}: PlannedRun, epoch: number): number {
		const run = `${index} ${seed}`;
		const added = Math.max(0, epoch - (this.#reached.get(run) ?? 0));
		this.#reached.set(run, (this.#reached.get(run) ?? 0) + added);
		this.#epochsDone += added;
		return added;
	}

	#secondsPerEpoch(): number {
		return (this.#now() - this.#begun) / 1000 / this.#epochsTrained;
	}

	#secondsLeft(): number | undefined {
		return this.#epochsTrained === 0
			? undefined
			: Math.max(0, this.#epochs - this.#epochsDone) * this.#secondsPerEpoch();
	}
}

/** Returns the epoch after which a run is stopped, or its last. */
const endOf = ({until, trial}: PlannedRun): number => until ?? trial.experiment.epochs;
