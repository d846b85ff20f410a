import path from 'node:path';
import {type RecordedAnswers, type StepRecord, writeLabels} from '../claims/step-record.js';
import {type OpenOptions, sourceOf} from '../data/data.js';
import {openData} from '../data/open-data.js';
import {checkOpenOptions} from '../data/open-options.js';
import {ConfigError, ModelError, RecordError} from '../errors/index.js';
import {isExpectedError} from '../errors/is-expected-error.js';
import {displayPath} from '../format/command-line.js';
import {listSeeds} from '../format/seeds.js';
import {formatValue} from '../format/value.js';
import {checkLadder} from '../ladder/check-ladder.js';
import {runsFolder} from '../ladder/find-ladder.js';
import {ladderHint} from '../ladder/ladder-hint.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {type EvaluatedImage, evaluate} from '../model/evaluate/evaluate.js';
import {type FinishedRun, readFinishedRun} from '../runs/finished-run.js';
import {isFinished} from '../runs/is-finished.js';
import {runFolders} from '../runs/list-runs.js';
import {LadderRecords} from './ladder-records.js';

/**
 * Returns the folder of the run that has the model of a recorded seed. A record keeps no weights: the run is looked up among those
 * of the ladder by its epochs and predictions, and its model has to give these predictions again.
 *
 * @example
 * ```ts
 * const model = await loadModel(await recordedModel(ladder, 'weight-averaging', 3));
 * ```
 * @throws {ConfigError} for an unknown step, and a seed that the record does not have
 * @throws {RecordError} for a step without a record, and where no run of the ladder has that model
 * @throws {ModelError} for a model that is not the one that the run wrote
 * @throws {DataError} for test images that can't be read
 */
export const recordedModel = async (
	ladder: Ladder,
	step: string,
	seed: number,
	options: OpenOptions = {},
): Promise<string> => {
	checkOpenOptions(options);
	checkLadder(ladder);
	const {signal} = options;
	const entry = ladder.entry(step);
	const {record} = new LadderRecords(ladder).of(entry);
	const answers = record.answers.find(answers => answers.seed === seed);
	if (!answers) {
		const expected = `a seed of the record of \`${step}\`: ${listSeeds(record.seeds.map(({seed}) => seed))}`;
		throw new ConfigError('seed', expected, formatValue(seed));
	}

	const runs = runsFolder(ladder.folder);
	const run = findRun(runs, record, answers);
	if (run === undefined) {
		const train = ladderHint(ladder.folder, 'train', `--step ${step} --seeds ${seed}`);
		throw new RecordError(
			entry.record,
			`a record keeps no weights, and no finished run in ${displayPath(runs)} has the epochs and predictions of its seed ${seed}: train it again with \`${train}\`, to the same bits`,
		);
	}

	const data = await openData(ladder.data, ladder.folder, options);
	if (data.hash !== record.data.hash) {
		throw new RecordError(entry.record, `the images of \`${data.name}\` are not those of the record: restore them`);
	}

	const {images} = await evaluate(run.folder, sourceOf(data), {set: 'test', ...(signal && {signal})});
	const {labels, probabilities} = run.answers;
	const isRight = ({predicted, probability}: EvaluatedImage, index: number): boolean =>
		predicted === labels[index] && (run.engine === 'aten' || probability === probabilities[index]);
	const different = images.filter((image, index) => !isRight(image, index)).length;
	if (different > 0) {
		const file = path.join(run.folder, 'model.safetensors');
		const reason = `it answers otherwise than its run did for ${different} of ${images.length} test images, so it is another model; restore it, or train the seed again`;
		throw new ModelError(`${displayPath(file)}: ${reason}`, file, reason);
	}

	return run.folder;
};

/** Finds a finished run with the epochs and the predictions of a recorded seed, to the bit. Others that can't be read are passed over. */
const findRun = (
	runs: string,
	{epochs, data}: StepRecord,
	{seed, labels}: RecordedAnswers,
): (FinishedRun & {readonly folder: string}) | undefined => {
	const rows = epochs.filter(row => row.seed === seed);
	const isSame = (run: FinishedRun): boolean =>
		run.seed === seed &&
		run.epochs.length === rows.length &&
		writeLabels(run.answers.labels, data.classes.length) === labels &&
		run.epochs.every((row, index) => measured.every(name => row[name] === rows[index]?.[name]));
	for (const folder of runFolders(runs).filter(isFinished)) {
		try {
			const run = readFinishedRun(folder);
			if (isSame(run)) {
				return {...run, folder};
			}
		} catch (error) {
			if (!isExpectedError(error)) {
				throw error;
			}
		}
	}

	return undefined;
};

/** The figures of an epoch that do not depend on the clock. */
const measured = ['trainLoss', 'trainCorrect', 'testLoss', 'testCorrect'] as const;
