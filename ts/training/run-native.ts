import type {Data} from '../data/data.js';
import {ConfigError, StepladderError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Run, RunEvent, RunOptions} from '../native/binding.js';
import {nativeFor} from '../native/load.js';
import {toError} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';

/** An event of a run before its last. */
export type RunProgress = Exclude<RunEvent, {type: 'finished' | 'failed'}>;

/**
 * Trains an experiment on a thread of the addon.
 *
 * @param listen called with each event; if it throws, the run is cancelled
 * @returns the last event
 * @throws {AbortError} or {@link LockError} if the signal aborts, and the error of a run that fails
 */
export const runNative = async (
	experiment: Experiment,
	data: Data,
	options: Omit<RunOptions, 'dataDir' | 'dataHashes' | 'dataValidation' | 'classNames'>,
	signal: AbortSignal | undefined,
	listen: (event: RunProgress) => void,
): Promise<RunEvent & {type: 'finished'}> => {
	const {idx, classes, validation} = data;
	const files = {
		...{dataDir: idx.folder, dataHashes: [...idx.hashes], classNames: [...classes]},
		...(validation !== undefined && {dataValidation: validation}),
	};
	const run = start(experiment, {...files, ...options});
	const cancel = (): void => run.cancel();
	signal?.addEventListener('abort', cancel, {once: true});
	if (signal?.aborted) {
		cancel();
	}

	try {
		for (;;) {
			const event: RunEvent = await run.next();
			if (event.type === 'finished') {
				return event;
			}

			if (event.type === 'failed') {
				throw event.failure.code === 'cancelled' ? abortedBy(signal) : toError(event.failure);
			}

			try {
				listen(event);
			} catch (error) {
				await end(run);
				throw error;
			}
		}
	} finally {
		signal?.removeEventListener('abort', cancel);
	}
};

/** Cancels a run and waits for its end: until then it may write a checkpoint, for which its folder has to stay locked. */
const end = async (run: Run): Promise<void> => {
	run.cancel();
	for (;;) {
		const {type} = await run.next();
		if (type === 'finished' || type === 'failed') {
			return;
		}
	}
};

/** @throws {ConfigError} if a value can't be converted for the addon */
const start = (experiment: Experiment, options: RunOptions): Run => {
	try {
		return nativeFor(options).Run.start(experiment, options);
	} catch (error) {
		if (error instanceof StepladderError) {
			throw error;
		}

		const reason = error instanceof Error ? error.message : String(error);
		throw new ConfigError('experiment', 'numbers, names and lists as the types say', reason, undefined, {cause: error});
	}
};
