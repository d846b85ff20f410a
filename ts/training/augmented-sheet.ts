import type {Data} from '../data/data.js';
import {encodePng} from '../data/decode/sharp.js';
import type {Experiment} from '../experiment/experiment.js';
import type {ImageSelection} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';

/**
 * Draws 8 x 8 training images as the first epoch of a run shows them to the net, as a PNG file.
 *
 * @param images the images that the run selects
 * @throws {ConfigError} for settings that no run could have
 * @throws {DataError} if the images are not those that were opened any more
 */
export const augmentedSheet = async (
	experiment: Experiment,
	{idx: {folder, hashes}, validation}: Data,
	seed: number,
	images: ImageSelection = {},
): Promise<Buffer> => {
	const drawn = await native().augmentedSheet(experiment, folder, [...hashes], validation, images, seed);
	const {pixels, channels, size} = unwrap(drawn);
	return encodePng(pixels, channels, size);
};
