import path from 'node:path';
import {decodeImage} from '../decode/decode-image.js';
import {type Preparation, plainPreparation} from '../decode/preparation.js';
import {measureBrightness} from '../decode/prepare-image.js';
import type {ImageFile} from './list-images.js';

/** Transparent images that are looked at: enough to say whether a set is drawn in dark or light ink. */
const mostMeasured = 100;

/**
 * Chooses the background of a set: white if its transparent images are dark where they are visible, so that ink is seen, else
 * black. Looks at the first hundred images that may be transparent.
 */
export const contrastingBackground = async (
	folder: string,
	files: readonly ImageFile[],
): Promise<Preparation['background']> => {
	let [sum, weight, measured] = [0, 0, 0];
	for (const {file} of files) {
		if (measured === mostMeasured) {
			break;
		}

		if (!/\.(?:png|webp|gif|tiff?|avif)$/i.test(file)) {
			continue;
		}

		measured += 1;
		try {
			const image = await decodeImage(path.join(folder, file), {deep: false});
			const found = image.channels % 2 === 0 ? await measureBrightness(image) : undefined;
			if (found && found.weight < image.width * image.height) {
				sum += found.sum;
				weight += found.weight;
			}
		} catch {
			// a damaged image is reported when it is decoded
		}
	}

	return weight > 0 && sum < 127.5 * weight ? [255, 255, 255] : plainPreparation.background;
};
