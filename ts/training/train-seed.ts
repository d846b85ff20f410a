import type {Data} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import {aimOf, type Goal} from '../experiment/goal.js';
import {constantLabel, measurePredictions} from '../experiment/prediction-measures.js';
import {reachTarget} from '../experiment/reach-target.js';
import type {RunEvent} from '../native/binding.js';
import type {Engine} from '../native/engine.js';
import {platformOf} from '../native/load.js';
import type {Answers, EpochEvent, LoadedWeights, MissingClasses, SeedResult, TrainEvent} from '../runs/events.js';
import type {FinishedSeed, RunFolder} from '../runs/run-folder.js';
import type {TrainOptions} from '../runs/train-options.js';
import type {Trainable} from '../step/define-step.js';
import {weightPaths} from '../step/weight-files.js';
import {EventLog} from '../tensorboard/event-log.js';
import {eventFolder, loggedRun} from '../tensorboard/logged-run.js';
import {imageSelection} from './image-selection.js';
import {runNative} from './run-native.js';

export type SeedRun = {
	readonly step: Trainable;
	readonly experiment: Experiment;
	readonly seed: number;
	readonly data: Data;
	readonly options: Omit<TrainOptions, 'data'>;
	/** As in `RunConfig`. */
	readonly drawSeed: number | undefined;
	/** As in `RunConfig`. */
	readonly classCounts: readonly number[] | undefined;
	readonly missingClasses: MissingClasses | undefined;
	/** As in `StartEvent`. */
	readonly hints: readonly string[];
	readonly folder: RunFolder | undefined;
	readonly emit: (event: TrainEvent) => void;
	/** Whether the caller stopped the training, who may want to resume it. */
	readonly isInterrupted: () => boolean;
};

/** Trains one seed: emits its events, and writes its epochs into its folder. */
export const trainSeed = async (run: SeedRun): Promise<FinishedSeed> => {
	const {step, experiment, seed, data, options, missingClasses, hints, folder, emit, isInterrupted} = run;
	const {epochs} = experiment;
	const rows: EpochEvent[] = [];
	let epochsDone: number | undefined;
	let loaded: LoadedWeights | undefined;
	let events: EventLog | undefined;
	try {
		const finished = await runNative(experiment, data, nativeOptions(run), options.signal, event => {
			switch (event.type) {
				case 'started': {
					const engine = event.engine as Engine;
					({epochsDone, loaded} = event);
					folder?.begin();
					events = openEventLog(run);
					emit({
						...{type: 'start', step: step.name, seed, engine, epochsDone, folder: folder?.path},
						...(missingClasses && {missingClasses}),
						...(hints.length > 0 && {hints}),
						...(loaded && {loaded}),
					});
					break;
				}

				case 'batch': {
					emit({...event, step: step.name, seed, epochs});
					break;
				}

				case 'epoch': {
					const row = asEpochEvent(event, step.name, seed, epochs);
					rows.push(row);
					folder?.log(row, epochsDone ?? 0);
					events?.epoch(row);
					emit({...row}); // a copy, which its reader may change
					break;
				}
			}
		});
		(events as EventLog | undefined)?.end();
		const {trainClean, engine, device, threads, seconds} = finished;
		const answers = {
			...{labels: finished.testLabels, probabilities: finished.testProbabilities},
			...{expected: finished.testExpected, ranks: finished.testRanks},
			...(finished.testImages && {images: finished.testImages}),
		};
		const ended = {seed, epochs: rows, trainCleanCorrect: trainClean.correct, answers};
		return {
			...{result: seedResult(ended, step.target, data.classes), trainCleanTotal: trainClean.total, answers},
			...(loaded && {loaded}),
			...{engine: engine as Engine, device, threads, seconds},
		};
	} catch (error) {
		if (rows.length === 0 && !(epochsDone !== undefined && isInterrupted())) {
			folder?.discard(); // such as after a wrong setting
		}

		throw error;
	}
};

/** Opens the file of a seed's events for TensorBoard; `undefined` if none is asked for. */
const openEventLog = ({step, experiment, seed, options, folder}: SeedRun): EventLog | undefined => {
	const {tensorboard} = options;
	if (tensorboard === undefined) {
		return undefined;
	}

	const begun = folder?.begun ?? new Date().toISOString();
	const place = eventFolder(tensorboard, {step: step.name, seed, folder: folder?.path, begun});
	return new EventLog(loggedRun(place, {step: step.name, trial: step.trial, experiment, options, begun}));
};

/** A seed that has finished. */
type EndedSeed = {
	readonly seed: number;
	readonly epochs: readonly EpochEvent[];
	readonly trainCleanCorrect: number;
	readonly answers: Answers;
};

/** Compares the last epochs of a seed with its target, and measures its predictions. */
export const seedResult = (
	{seed, epochs, trainCleanCorrect, answers}: EndedSeed,
	target: Goal,
	classes: readonly string[],
): SeedResult => {
	const last = epochs.slice(-target.heldFor);
	const lastEpochs = last.map(({testCorrect, testTotal}) => testCorrect / testTotal);
	const lastHoldout = last.flatMap(({holdoutCorrect, holdoutTotal}) =>
		holdoutCorrect === undefined || holdoutTotal === undefined ? [] : [holdoutCorrect / holdoutTotal],
	);
	const {values, isReached} = reachTarget(target, epochs, classes);
	const {labels: predictions, probabilities, expected: labels, ranks} = answers;
	const constant = constantLabel(predictions, last.at(-1)?.testCorrect ?? 0);
	return {
		...{seed, lastEpochs, ...(lastHoldout.length > 0 && {lastHoldout}), trainCleanCorrect},
		...(aimOf(target).metric !== 'accuracy' && {lastValues: values}),
		...(constant !== undefined && {constant: classes[constant] ?? String(constant)}),
		held: isReached && constant === undefined,
		...(labels && {measures: measurePredictions({labels, predictions, probabilities, ranks}, classes)}),
	};
};

const asEpochEvent = (
	{epoch, learningRate, train, holdout, test, testByClass, seconds}: RunEvent & {type: 'epoch'},
	step: string,
	seed: number,
	epochs: number,
): EpochEvent => {
	if (!test) {
		throw new Error('the trainer evaluates the test images unless `judgeTest` is false');
	}

	return {
		...{type: 'epoch', step, seed, epoch, epochs, learningRate},
		...{trainLoss: train.loss, trainCorrect: train.correct, trainTotal: train.total},
		...(holdout && {holdoutLoss: holdout.loss, holdoutCorrect: holdout.correct, holdoutTotal: holdout.total}),
		...{testLoss: test.loss, testCorrect: test.correct, testTotal: test.total},
		...{...(testByClass && {testByClass}), seconds},
	};
};

const nativeOptions = ({
	step,
	experiment,
	options,
	drawSeed,
	data,
	seed,
	folder,
}: SeedRun): Parameters<typeof runNative>[2] => {
	const {device = 'auto', engine = 'auto', threads} = options;
	const {modelPath, checkpointPath} = folder ?? {};
	const optional = {
		imagePreparation: data.preparation && JSON.stringify(data.preparation),
		...{imageForm: data.form, threads},
		...{modelPath, checkpointPath, platform: platformOf(options)},
		...weightPaths(experiment, step.folder),
	};
	const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
	return {seed, device, engine, images: imageSelection(options, drawSeed), ...given};
};
