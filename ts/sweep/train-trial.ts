import type {Data} from '../data/data.js';
import {DivergedError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {RunEvent, RunOptions} from '../native/binding.js';
import type {Engine} from '../native/engine.js';
import {nativeFor} from '../native/load.js';
import {toError} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';
import type {SweepEpoch, SweepRun} from './sweep-record.js';

/** One seed of an experiment, to be judged by images that are kept aside. */
export type TrialRun = {
	readonly experiment: Experiment;
	readonly seed: number;
	readonly data: Data;
	readonly holdout: number;
	readonly limitTrain: number | null;
	readonly threads: number;
	/** Where the trainer keeps what it needs to go on; a run whose checkpoint is there goes on from it. */
	readonly checkpoint: string;
	readonly signal: AbortSignal;
	readonly tell: (row: TrialEpoch) => void;
};

export type TrialEpoch = Omit<SweepEpoch, 'trial' | 'seed'>;

/** What it came to. */
export type TrialOutcome = Omit<SweepRun, 'trial' | 'seed' | 'begun' | 'condition'> & {
	readonly epochs: readonly TrialEpoch[];
};

/**
 * Trains one seed without the test images, which the trainer does not open, on the engine whose bits depend on no thread.
 *
 * @throws {AbortError} where the signal says stop, and whatever the trainer fails by, except for a loss that diverges: that
 * is an outcome
 */
export const trainTrial = async (run: TrialRun): Promise<TrialOutcome> => {
	const {experiment, signal, threads, tell} = run;
	const begun = performance.now();
	const running = nativeFor({}).Run.start(experiment, nativeOptions(run));
	const cancel = (): void => running.cancel();
	signal.addEventListener('abort', cancel, {once: true});
	if (signal.aborted) {
		cancel();
	}

	const epochs: TrialEpoch[] = [];
	let engine: Engine = 'fused';
	try {
		for (;;) {
			const event: RunEvent = await running.next();
			switch (event.type) {
				case 'started': {
					engine = event.engine as Engine;
					break;
				}

				case 'epoch': {
					const row = asRow(event);
					epochs.push(row);
					tell(row);
					break;
				}

				case 'finished': {
					const {device, threads, seconds} = event;
					return {epochs, engine: event.engine as Engine, device, threads, diverged: null, seconds};
				}

				case 'failed': {
					if (event.failure.code === 'cancelled') {
						throw abortedBy(signal);
					}

					const error = toError(event.failure);
					if (!(error instanceof DivergedError)) {
						throw error;
					}

					const seconds = epochs.reduce((sum, row) => sum + row.seconds, (performance.now() - begun) / 1000);
					return {epochs, engine, device: 'cpu', threads, diverged: error.epoch, seconds};
				}
			}
		}
	} finally {
		signal.removeEventListener('abort', cancel);
		running.cancel();
	}
};

const asRow = ({epoch, train, holdout, test, seconds}: RunEvent & {type: 'epoch'}): TrialEpoch => {
	if (!holdout || test) {
		throw new Error('a run that was not given the test images tells of images kept aside, and of no others');
	}

	return {
		...{epoch, trainLoss: train.loss, trainCorrect: train.correct},
		...{holdoutLoss: holdout.loss, holdoutCorrect: holdout.correct, seconds},
	};
};

const nativeOptions = ({seed, data, holdout, limitTrain, threads, checkpoint}: TrialRun): RunOptions => ({
	...{seed, device: 'cpu', engine: 'fused', threads, holdout, judgeTest: false},
	...(limitTrain !== null && {limitTrain}),
	...{dataDir: data.idx.folder, dataHashes: [...data.idx.hashes], classNames: [...data.classes]},
	checkpointPath: checkpoint,
});
