import {clock, percent} from '../format/figures.js';
import {curves, mostDrawn} from '../report/page/curves.js';
import {type Html, html} from '../report/page/html.js';
import {table} from '../report/page/parts.js';
import {groupBy} from '../statistics/group-by.js';
import {spread} from '../statistics/spread.js';
import type {SweepEvent} from '../sweep/sweep-event.js';

/** A seed of a trial, with the accuracy on the held-out images after each of its epochs in a command. */
type TrialRun = {
	readonly trial: string;
	readonly seed: number;
	/** The epoch after which it is stopped, so far, or its last. */
	epochs: number;
	readonly accuracies: Map<number, number>;
	state: 'training' | 'finished' | 'diverged';
};

/** What the events of a sweep's command have told so far. */
export class SweepState {
	readonly #runs = new Map<string, TrialRun>();
	#events = 0;
	#last: SweepEvent | undefined;
	#before = 0;

	/** Number of events. */
	get events(): number {
		return this.#events;
	}

	get runs(): readonly TrialRun[] {
		return [...this.#runs.values()];
	}

	/** The last event. */
	get last(): SweepEvent | undefined {
		return this.#last;
	}

	/** Number of runs that had finished before the command. */
	get before(): number {
		return this.#before;
	}

	readonly tell = (event: SweepEvent): void => {
		const {type, trial, seed, epoch, epochs, holdoutAccuracy, diverged, done} = event;
		if (this.#events === 0) {
			this.#before = done;
		}

		this.#events += 1;
		this.#last = event;
		const key = JSON.stringify([trial, seed]);
		const run: TrialRun = this.#runs.get(key) ?? {trial, seed, epochs, accuracies: new Map(), state: 'training'};
		this.#runs.set(key, run);
		run.epochs = epochs;
		if (holdoutAccuracy !== undefined) {
			run.accuracies.set(epoch, holdoutAccuracy);
		}

		run.state = type === 'finished' ? (diverged ? 'diverged' : 'finished') : 'training';
	};
}

/**
 * Draws a sweep: its progress, a row and a curve a trial.
 *
 * @param isTraining whether its command still runs
 */
export const sweepContent = async ({runs, last, before}: SweepState, isTraining = true): Promise<Html> => {
	if (last === undefined) {
		return html`<section><p>No run has begun yet.</p></section>`;
	}

	const trials = [...groupBy(runs, ({trial}) => trial)].map(([name, of]) => ({name, runs: of}));
	const drawn = trials.slice(0, mostDrawn);
	return html`<section>
<p class="headline">${progressSentence(isTraining ? last : {...last, secondsLeft: undefined}, before)}</p>
${table(
	'Trials',
	['Trial', 'Validation %', 'Seeds', 'Epochs', 'State'],
	trials.map(({name, runs}) => [name, accuracyCell(runs), runs.length, epochsCell(runs), stateCell(runs, isTraining)]),
)}
<p class="quiet">Accuracy on the held-out images after the last finished epoch of each seed, in percent: mean ± standard deviation over the
seeds that have begun. It is no result: trials are compared when all have finished.</p>
</section>
<section>
<h2>Curves</h2>
${trials.length > drawn.length && html`<p>The first ${drawn.length} of ${trials.length} trials are drawn, since there are no more line styles.</p>`}
${
	runs.some(({accuracies}) => accuracies.size > 0)
		? await curves(
				drawn.map(({name, runs}) => ({
					...{
						name,
						target: undefined,
						measured: undefined,
						experiment: {epochs: Math.max(...runs.map(({epochs}) => epochs))},
					},
					runs: runs.map(({seed, accuracies, state}) => ({
						...{seed, isFinished: state === 'finished', trainClean: undefined},
						epochs: [...accuracies].map(([epoch, accuracy]) => ({epoch, holdoutCorrect: accuracy, holdoutTotal: 1})),
					})),
				})),
			)
		: html`<p>No epoch has finished yet.</p>`
}
</section>`;
};

const progressSentence = ({done, of, epochsDone, epochsOf, secondsLeft}: SweepEvent, before: number): string =>
	[
		`${done} of ${of} runs finished${before > 0 ? `, ${before} of them before this command` : ''}`,
		`${epochsDone} of ${epochsOf} epochs`,
		...(secondsLeft !== undefined && done < of ? [`about ${clock(secondsLeft)} left`] : []),
	].join(', ');

const accuracyCell = (runs: readonly TrialRun[]): string => {
	const last = runs.flatMap(({accuracies}) => [...accuracies.values()].at(-1) ?? []);
	if (last.length === 0) {
		return '-';
	}

	const {mean, deviation} = spread(last);
	return last.length > 1 ? `${percent(mean)} ± ${(100 * deviation).toFixed(2)}` : percent(mean);
};

const epochsCell = (runs: readonly TrialRun[]): string =>
	`${runs.reduce((sum, {accuracies}) => sum + accuracies.size, 0)}/${runs.reduce((sum, {epochs}) => sum + epochs, 0)}`;

const stateCell = (runs: readonly TrialRun[], isTraining: boolean): string => {
	const states = ['training', 'finished', 'diverged'] as const;
	return states
		.flatMap(state => {
			const count = runs.filter(run => run.state === state).length;
			return count > 0
				? [`${count} ${state === 'training' ? (isTraining ? 'in training' : 'interrupted') : state}`]
				: [];
		})
		.join(', ');
};
