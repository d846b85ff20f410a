import type {Data} from '../data/data.js';
import {ConfigError, StepladderError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';
import type {Run, RunEvent, RunOptions} from '../native/binding.js';
import type {Engine} from '../native/engine.js';
import {nativeFor, platformOf} from '../native/load.js';
import {toError} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';
import type {EpochEvent, SeedResult} from '../runs/events.js';
import type {FinishedSeed} from '../runs/finished-seed.js';
import type {RunFolder} from '../runs/run-folder.js';
import type {TrainOptions} from '../runs/train-options.js';
import type {Trainable} from '../step/define-step.js';
import type {EventQueue} from './event-queue.js';

export type SeedRun = {
	readonly step: Trainable;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly data: Data;
	readonly options: Omit<TrainOptions, 'data'>;
	readonly folder: RunFolder | undefined;
	readonly events: EventQueue;
	/** Whether somebody outside asked for the end, who may want to go on. */
	readonly isInterrupted: () => boolean;
};

/** Trains one seed, and tells of it. */
export const trainSeed = async ({
	step,
	experiment,
	seed,
	data,
	options,
	folder,
	events,
	isInterrupted,
}: SeedRun): Promise<FinishedSeed> => {
	const {signal} = options;
	const run = start(experiment, nativeOptions(options, data, seed, folder), folder);
	const cancel = (): void => run.cancel();
	signal?.addEventListener('abort', cancel, {once: true});
	if (signal?.aborted) {
		cancel();
	}

	const {epochs} = experiment;
	const rows: EpochEvent[] = [];
	let started: {readonly epochsDone: number} | undefined;
	try {
		for (;;) {
			const event: RunEvent = await run.next();
			switch (event.type) {
				case 'started': {
					started = event;
					folder?.begin();
					const {engine, epochsDone} = event;
					const start = {step: step.name, seed, engine: engine as Engine, epochsDone, folder: folder?.path};
					events.push({type: 'start', ...start});
					break;
				}

				case 'batch': {
					events.push({...event, step: step.name, seed, epochs});
					break;
				}

				case 'epoch': {
					const row = asEpochEvent(event, step.name, seed, epochs);
					rows.push(row);
					folder?.log(row, started?.epochsDone ?? 0);
					events.push({...row}); // whoever reads it may change it
					break;
				}

				case 'finished': {
					const {trainClean, testLabels, testProbabilities, engine, device, threads, seconds} = event;
					const result = judgeSeed(seed, rows, trainClean.correct, step.target);
					const answers = {labels: testLabels, probabilities: testProbabilities};
					const total = trainClean.total;
					return {result, trainCleanTotal: total, answers, engine: engine as Engine, device, threads, seconds};
				}

				case 'failed': {
					if (event.failure.code !== 'cancelled') {
						throw toError(event.failure);
					}

					throw abortedBy(signal);
				}
			}
		}
	} catch (error) {
		if (rows.length === 0 && !(started && isInterrupted())) {
			folder?.discard(); // a wrong setting should leave nothing behind
		}

		throw error;
	} finally {
		signal?.removeEventListener('abort', cancel);
		run.cancel(); // when a log could not be written, nobody waits for the rest
	}
};

/** Holds the last epochs against a target. */
export const judgeSeed = (
	seed: number,
	rows: readonly EpochEvent[],
	trainCleanCorrect: number,
	{heldFor, testAccuracy}: Goal,
): SeedResult => {
	const last = rows.slice(-heldFor);
	const lastEpochs = last.map(({testCorrect, testTotal}) => testCorrect / testTotal);
	const lastHoldout = last.flatMap(({holdoutCorrect, holdoutTotal}) =>
		holdoutCorrect === undefined || holdoutTotal === undefined ? [] : [holdoutCorrect / holdoutTotal],
	);
	const aside = lastHoldout.length > 0 ? {lastHoldout} : {};
	const held = lastEpochs.length === heldFor && lastEpochs.every(accuracy => accuracy >= testAccuracy);
	return {seed, lastEpochs, ...aside, trainCleanCorrect, held};
};

const asEpochEvent = (
	{epoch, learningRate, train, holdout, test, seconds}: RunEvent & {type: 'epoch'},
	step: string,
	seed: number,
	epochs: number,
): EpochEvent => {
	if (!test) {
		throw new Error('a run that is given test images tells of them');
	}

	return {
		...{type: 'epoch', step, seed, epoch, epochs, learningRate},
		...{trainLoss: train.loss, trainCorrect: train.correct, trainTotal: train.total},
		...(holdout && {holdoutLoss: holdout.loss, holdoutCorrect: holdout.correct, holdoutTotal: holdout.total}),
		...{testLoss: test.loss, testCorrect: test.correct, testTotal: test.total, seconds},
	};
};

/** Starts a run; what can't even cross into the addon leaves nothing behind. */
const start = (experiment: Experiment, options: RunOptions, folder: RunFolder | undefined): Run => {
	try {
		return nativeFor(options).Run.start(experiment, options);
	} catch (error) {
		folder?.discard();
		if (error instanceof StepladderError) {
			throw error;
		}

		const reason = error instanceof Error ? error.message : String(error);
		throw new ConfigError('experiment', 'numbers, names and lists as the types say', reason, undefined, {cause: error});
	}
};

const nativeOptions = (
	options: SeedRun['options'],
	data: Data,
	seed: number,
	folder: RunFolder | undefined,
): RunOptions => {
	const {device = 'auto', engine = 'auto', threads, limitTrain, limitTest, holdout} = options;
	const {idx, classes, form: imageForm} = data;
	const native: RunOptions = {
		...{seed, device, engine},
		...{dataDir: idx.folder, dataHashes: [...idx.hashes], classNames: [...classes]},
	};
	const {modelPath, checkpointPath} = folder ?? {};
	const platform = platformOf(options);
	const optional = {imageForm, threads, limitTrain, limitTest, holdout, modelPath, checkpointPath, platform};
	return Object.assign(native, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
};
