import type {LiveRun} from './live-run.js';

/** The progress of runs together. */
export type Progress = {
	/** Finished epochs, and all of them. */
	readonly epochs: number;
	readonly of: number;
	/** Finished runs, and all of them: those of a command that were not begun included. */
	readonly finished: number;
	readonly runs: number;
	/** Seconds that are left, as many runs at once as now; `undefined` before an epoch has finished, and if none is in training. */
	readonly secondsLeft: number | undefined;
};

/** Computes the progress of runs from the durations of their epochs. */
export const progressOf = (runs: readonly LiveRun[]): Progress => {
	const missing = notBegun(runs);
	const epochs = runs.reduce((sum, run) => sum + run.epochs.length, 0);
	const of = [...runs, ...missing].reduce((sum, run) => sum + run.of, 0);
	const training = runs.filter(({state}) => state === 'training');
	const left = [...training, ...missing].map(run => run.of - run.epochs.length);
	const seconds = secondsAnEpoch(runs);
	const longest = Math.max(0, ...left);
	const inTurn = left.reduce((sum, count) => sum + count, 0) / training.length;
	return {
		...{epochs, of, runs: runs.length + missing.length},
		finished: runs.filter(({state}) => state === 'finished').length,
		secondsLeft: training.length === 0 || seconds === undefined ? undefined : seconds * Math.max(longest, inTurn),
	};
};

/** Returns the seconds that a run has left by its own epochs; `undefined` before the first, and if it is not in training. */
export const secondsLeft = (run: LiveRun): number | undefined => {
	const seconds = secondsAnEpoch([run]);
	return run.state === 'training' && seconds !== undefined ? seconds * (run.of - run.epochs.length) : undefined;
};

/** Returns the mean duration of an epoch, of the last three of each run: an early one may have had another load beside it. */
const secondsAnEpoch = (runs: readonly LiveRun[]): number | undefined => {
	const all = runs.flatMap(({epochs}) => epochs.slice(-3).map(({seconds}) => seconds));
	return all.length === 0 ? undefined : all.reduce((sum, value) => sum + value, 0) / all.length;
};

/** Returns the seeds of commands in training that have no run yet. */
const notBegun = (runs: readonly LiveRun[]): ReadonlyArray<Pick<LiveRun, 'of' | 'epochs'>> => {
	const commands = new Map(
		runs.flatMap(run => (run.command && run.state === 'training' ? [[run.command.id, run] as const] : [])),
	);
	return [...commands.values()].flatMap(({command, of}) => {
		const begun = new Set(runs.filter(run => run.command?.id === command?.id).map(({seed}) => seed));
		return (command?.seeds ?? []).filter(seed => !begun.has(seed)).map(() => ({of, epochs: []}));
	});
};
