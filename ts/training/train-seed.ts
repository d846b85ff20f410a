import type {Data} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {Goal} from '../experiment/goal.js';
import type {RunEvent} from '../native/binding.js';
import type {Engine} from '../native/engine.js';
import {platformOf} from '../native/load.js';
import type {EpochEvent, MissingClasses, SeedResult, TrainEvent} from '../runs/events.js';
import type {FinishedSeed, RunFolder} from '../runs/run-folder.js';
import type {TrainOptions} from '../runs/train-options.js';
import type {Trainable} from '../step/define-step.js';
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
	readonly missingClasses: MissingClasses | undefined;
	readonly folder: RunFolder | undefined;
	readonly emit: (event: TrainEvent) => void;
	/** Whether the caller stopped the training, who may want to resume it. */
	readonly isInterrupted: () => boolean;
};

/** Trains one seed: emits its events, and writes its epochs into its folder. */
export const trainSeed = async (run: SeedRun): Promise<FinishedSeed> => {
	const {step, experiment, seed, data, options, missingClasses, folder, emit, isInterrupted} = run;
	const {epochs} = experiment;
	const rows: EpochEvent[] = [];
	let epochsDone: number | undefined;
	try {
		const finished = await runNative(experiment, data, nativeOptions(run), options.signal, event => {
			switch (event.type) {
				case 'started': {
					const engine = event.engine as Engine;
					epochsDone = event.epochsDone;
					folder?.begin();
					emit({
						...{type: 'start', step: step.name, seed, engine, epochsDone, folder: folder?.path},
						...(missingClasses && {missingClasses}),
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
					emit({...row}); // a copy, which its reader may change
					break;
				}
			}
		});
		const {trainClean, testLabels, testProbabilities, testImages, engine, device, threads, seconds} = finished;
		return {
			...{result: seedResult(seed, rows, trainClean.correct, step.target), trainCleanTotal: trainClean.total},
			answers: {
				...{labels: testLabels, probabilities: testProbabilities},
				...(testImages && {images: testImages}),
			},
			...{engine: engine as Engine, device, threads, seconds},
		};
	} catch (error) {
		if (rows.length === 0 && !(epochsDone !== undefined && isInterrupted())) {
			folder?.discard(); // such as after a wrong setting
		}

		throw error;
	}
};

/** Compares the accuracies of the last epochs with a target. */
export const seedResult = (
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
	const held = lastEpochs.length === heldFor && lastEpochs.every(accuracy => accuracy >= testAccuracy);
	return {seed, lastEpochs, ...(lastHoldout.length > 0 && {lastHoldout}), trainCleanCorrect, held};
};

const asEpochEvent = (
	{epoch, learningRate, train, holdout, test, seconds}: RunEvent & {type: 'epoch'},
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
		...{testLoss: test.loss, testCorrect: test.correct, testTotal: test.total, seconds},
	};
};

const nativeOptions = ({options, drawSeed, data, seed, folder}: SeedRun): Parameters<typeof runNative>[2] => {
	const {device = 'auto', engine = 'auto', threads} = options;
	const {modelPath, checkpointPath} = folder ?? {};
	const optional = {
		imagePreparation: data.preparation && JSON.stringify(data.preparation),
		...{imageForm: data.form, threads},
		...{modelPath, checkpointPath, platform: platformOf(options)},
	};
	const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
	return {seed, device, engine, images: imageSelection(options, drawSeed), ...given};
};
