import type {RunEvent, RunOptions} from '#binding';
import {mnistFolder} from '../data/mnist.js';
import {AbortError} from '../errors/index.js';
import type {RunFolder} from '../log/run-folder.js';
import {nativeFor} from '../native/load.js';
import {toError} from '../native/unwrap.js';
import type {Goal, Trainable} from './define-step.js';
import type {EventQueue} from './event-queue.js';
import type {EpochEvent, SeedResult} from './events.js';
import type {Experiment} from './experiment.js';
import type {TrainOptions} from './train-options.js';

/** What the weights of the last epoch make of the test images, in their order. */
export type Answers = {
	/** The likeliest class of each. */
	readonly labels: readonly number[];
	/** Its probability. */
	readonly probabilities: readonly number[];
};

/** What a finished seed leaves besides its log. */
export type FinishedSeed = {
	readonly result: SeedResult;
	readonly trainCleanTotal: number;
	readonly answers: Answers;
	readonly engine: string;
	readonly device: string;
	readonly threads: number;
	readonly seconds: number;
};

export type SeedRun = {
	readonly step: Trainable;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly options: TrainOptions;
	readonly folder: RunFolder | undefined;
	readonly events: EventQueue;
};

/** Trains one seed, and tells of it. */
export const trainSeed = async ({step, experiment, seed, options, folder, events}: SeedRun): Promise<FinishedSeed> => {
	const {signal} = options;
	const run = nativeFor(options).Run.start(experiment, nativeOptions(options, seed, folder));
	const cancel = (): void => run.cancel();
	signal?.addEventListener('abort', cancel, {once: true});
	const {epochs} = experiment;
	const rows: EpochEvent[] = [];
	try {
		for (;;) {
			const event: RunEvent = await run.next();
			switch (event.type) {
				case 'started': {
					const {engine, epochsDone} = event;
					events.push({type: 'start', step: step.name, seed, engine, epochsDone});
					break;
				}

				case 'batch': {
					events.push({...event, step: step.name, seed, epochs});
					break;
				}

				case 'epoch': {
					const row = asEpochEvent(event, step.name, seed, epochs);
					rows.push(row);
					folder?.log(row);
					events.push(row);
					break;
				}

				case 'finished': {
					const {trainClean, testLabels, testProbabilities, engine, device, threads, seconds} = event;
					const result = judge(seed, rows, trainClean.correct, step.target);
					const answers = {labels: testLabels, probabilities: testProbabilities};
					return {result, trainCleanTotal: trainClean.total, answers, engine, device, threads, seconds};
				}

				case 'failed': {
					throw event.failure.code === 'cancelled' ? new AbortError(signal?.reason) : toError(event.failure);
				}
			}
		}
	} catch (error) {
		if (rows.length === 0) {
			folder?.discard(); // a wrong setting should leave nothing behind
		}

		throw error;
	} finally {
		signal?.removeEventListener('abort', cancel);
		run.cancel(); // when a log could not be written, nobody waits for the rest
	}
};

/** Holds the last epochs against a target. */
const judge = (
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
): EpochEvent => ({
	...{type: 'epoch', step, seed, epoch, epochs, learningRate},
	...{trainLoss: train.loss, trainCorrect: train.correct, trainTotal: train.total},
	...(holdout && {holdoutLoss: holdout.loss, holdoutCorrect: holdout.correct, holdoutTotal: holdout.total}),
	...{testLoss: test.loss, testCorrect: test.correct, testTotal: test.total, seconds},
});

const nativeOptions = (options: TrainOptions, seed: number, folder: RunFolder | undefined): RunOptions => {
	const {device = 'auto', engine = 'auto', threads, dataDir, limitTrain, limitTest, holdout} = options;
	const native: RunOptions = {seed, device, engine, dataDir: dataDir ?? mnistFolder(), isMnist: dataDir === undefined};
	const {modelPath, checkpointPath} = folder ?? {};
	const optional = {threads, limitTrain, limitTest, holdout, modelPath, checkpointPath};
	return Object.assign(native, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
};
