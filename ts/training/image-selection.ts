import type {Data} from '../data/data.js';
import type {Experiment} from '../experiment/experiment.js';
import type {ClassCounts, ImageSelection} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import type {MissingClasses} from '../runs/events.js';
import type {TrainOptions} from '../runs/train-options.js';

/** The seed by which new runs and sweeps draw limited and held-out images. */
export const newDrawSeed = 1;

/** Returns which images the options of a training select. */
export const imageSelection = (
	{limitTrain, limitTest, holdout}: Omit<TrainOptions, 'data'>,
	drawSeed: number | undefined,
): ImageSelection => ({
	...(limitTrain !== undefined && {limitTrain}),
	...(limitTest !== undefined && {limitTest}),
	...(holdout !== undefined && {holdout}),
	...(drawSeed !== undefined && {drawSeed}),
});

/**
 * Returns the classes that parts of the selected images lack; `undefined` if there are none.
 *
 * @throws {ConfigError} if no image would be left to train on
 * @throws {DataError} if the labels are damaged
 */
export const findMissingClasses = async (
	data: Data,
	selection: ImageSelection,
): Promise<MissingClasses | undefined> => {
	const {classes} = data;
	const counts = await countImages(data, selection);
	const found = Object.entries(counts).flatMap(([part, ofPart]) => {
		const missing = classes.filter((_, label) => ofPart?.[label] === 0);
		return ofPart && missing.length > 0 ? [[part, missing]] : [];
	});
	return found.length > 0 ? Object.fromEntries(found) : undefined;
};

/**
 * Returns the number of training images of each class of the net, if the weights of classes in the loss follow from them.
 *
 * @throws {ConfigError} and {DataError} as {@link findMissingClasses}
 */
export const countsForLoss = async (
	{net, loss}: Experiment,
	data: Data,
	selection: ImageSelection,
): Promise<readonly number[] | undefined> =>
	loss?.classWeights === 'balanced' ? (await countImages(data, selection)).train.slice(0, net.classes) : undefined;

const countImages = async ({idx, validation}: Data, selection: ImageSelection): Promise<ClassCounts> =>
	unwrap(await native().countClasses(idx.folder, [...idx.hashes], validation, selection));
