import type {Data} from '../data/data.js';
import {WriteError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import {displayPath} from '../format/command-line.js';
import {experimentHash} from '../ledger/experiment-hash.js';
import {appendToLedger, ledgerFile} from '../ledger/ledger.js';
import type {TrainOptions} from '../runs/train-options.js';
import type {Trainable} from '../step/define-step.js';

/** A training that is noted in a ledger. */
export type NotedTraining = {
	/** Why it could not be noted; `undefined` if it was. */
	readonly problem: string | undefined;
	/** Notes that it has ended, with the seeds that have finished. */
	readonly end: (finished: readonly number[]) => void;
};

/**
 * Notes in the ledger of a step's ladder that seeds of it are trained, and evaluated on the test images.
 *
 * In a folder that can't be written, as of a ladder that is only read, the training goes on unnoted: no record can be made there.
 *
 * @returns `undefined` for a step outside of a ladder
 * @throws {WriteError} such as for a full disk
 */
export const noteTraining = (
	{name, ladder, trial}: Trainable,
	experiment: Experiment,
	{hash}: Data,
	{
		seeds,
		engine = 'auto',
		limitTrain,
		limitTest,
		holdout,
	}: Pick<TrainOptions, 'engine' | 'limitTrain' | 'limitTest' | 'holdout'> & {
		readonly seeds: readonly number[];
	},
): NotedTraining | undefined => {
	if (ladder === undefined) {
		return undefined;
	}

	try {
		const training = appendToLedger(ladder, {
			...{event: 'training', step: name, experiment: experimentHash(experiment), data: hash, seeds: [...seeds], engine},
			...(trial && {settings: trial.map(({path, value}) => ({path, value}))}),
			...{limitTrain, limitTest, holdout},
		});
		return {
			problem: undefined,
			end(finished) {
				try {
					appendToLedger(ladder, {event: 'trained', training, finished: [...finished]});
				} catch (error) {
					if (!(error instanceof WriteError)) {
						throw error; // the results are written, and that the training began is noted
					}
				}
			},
		};
	} catch (error) {
		if (!(error instanceof WriteError && isUnwritable(error.cause))) {
			throw error;
		}

		const file = displayPath(ledgerFile(ladder));
		return {problem: `This training is not noted in ${file}, which can’t be written.`, end() {}};
	}
};

/** Whether a system refused to write because of permissions or a read-only disk. */
const isUnwritable = (error: unknown): boolean =>
	['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
