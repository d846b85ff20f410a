import type {Data} from '../data/data.js';
import type {ImageSelection} from '../native/binding.js';
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
	{idx, validation, classes}: Data,
	selection: ImageSelection,
): Promise<MissingClasses | undefined> => {
	const {folder, hashes} = idx;
	const counts = unwrap(await native().countClasses(folder, [...hashes], validation, selection));
	const found = Object.entries(counts).flatMap(([part, ofPart]) => {
		const missing = classes.filter((_, label) => ofPart?.[label] === 0);
		return ofPart && missing.length > 0 ? [[part, missing]] : [];
	});
	return found.length > 0 ? Object.fromEntries(found) : undefined;
};
