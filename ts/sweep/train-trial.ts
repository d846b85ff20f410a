import type {Data} from '../data/data.js';
import {DivergedError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {ImageSelection, RunEvent} from '../native/binding.js';
import type {Engine} from '../native/engine.js';
import type {WeightPaths} from '../step/weight-files.js';
import {runNative} from '../training/run-native.js';
import type {SweepEpoch, SweepRun} from './sweep-record.js';

/** One seed of an experiment, evaluated on held-out training images. */
export type TrialRun = {
	readonly experiment: Experiment;
	readonly seed: number;
	readonly data: Data;
	readonly images: ImageSelection;
	readonly threads: number;
	/** Where the files of weights are that the experiment reads. */
	readonly weights?: WeightPaths;
	/** Path of the checkpoint, from which the run is resumed if it exists. */
	readonly checkpoint: string;
	/** The epoch after which to stop; `undefined` to train to the end. */
	readonly until?: number | undefined;
	readonly signal: AbortSignal;
	/** Called once it is known how many epochs were finished before. */
	readonly begin?: (epochsDone: number) => void;
	/** Called with each epoch. */
	readonly tell: (row: TrialEpoch) => void;
};

export type TrialEpoch = Omit<SweepEpoch, 'trial' | 'seed'>;

/** The outcome of one seed. */
export type TrialOutcome = Omit<SweepRun, 'trial' | 'seed' | 'begun' | 'condition'> & {
	readonly epochs: readonly TrialEpoch[];
};

/**
 * Trains one seed on `fused`, whose bits do not depend on the threads. The trainer does not open the test images.
 *
 * @throws {AbortError} if the signal aborts, and the error of a run that fails; a loss that diverges is an outcome
 */
export const trainTrial = async (run: TrialRun): Promise<TrialOutcome> => {
	const {
		experiment,
		seed,
		data,
		images,
		threads,
		weights,
		checkpoint,
		until = experiment.epochs,
		signal,
		begin,
		tell,
	} = run;
	const begun = performance.now();
	const epochs: TrialEpoch[] = [];
	const enough = new AbortController();
	let resumedAfter = 0;
	const options = {
		seed,
		device: 'cpu',
		engine: 'fused',
		threads,
		images,
		checkpointPath: checkpoint,
		...weights,
	} as const;
	try {
		const finished = await runNative(experiment, data, options, AbortSignal.any([signal, enough.signal]), event => {
			if (event.type === 'started') {
				resumedAfter = event.epochsDone;
				begin?.(resumedAfter);
			} else if (event.type === 'epoch' && epochs.length < until) {
				const row = asRow(event);
				epochs.push(row);
				tell(row);
				if (epochs.length === until && until < experiment.epochs) {
					enough.abort(); // its checkpoint is written: the trainer emits an epoch after that
				}
			}
		});
		const {engine, device, seconds} = finished;
		return {epochs, engine: engine as Engine, device, threads: finished.threads, diverged: null, seconds};
	} catch (error) {
		const isStopped = enough.signal.aborted && !signal.aborted;
		if (!isStopped && !(error instanceof DivergedError)) {
			throw error;
		}

		// As for a run that finishes: the time since it was resumed, and the epochs before that.
		const before = epochs.slice(0, resumedAfter).reduce((sum, row) => sum + row.seconds, 0);
		const seconds = before + (performance.now() - begun) / 1000;
		const diverged = isStopped ? null : (error as DivergedError).epoch;
		return {epochs, engine: 'fused', device: 'cpu', threads, diverged, seconds};
	}
};

const asRow = ({epoch, train, holdout, test, seconds}: RunEvent & {type: 'epoch'}): TrialEpoch => {
	if (!holdout || test) {
		throw new Error('the trainer evaluates the held-out images alone if `judgeTest` is false');
	}

	return {
		...{epoch, trainLoss: train.loss, trainCorrect: train.correct},
		...{holdoutLoss: holdout.loss, holdoutCorrect: holdout.correct, seconds},
	};
};
