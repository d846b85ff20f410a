import type {Data} from '../../data/data.js';
import {encodePng} from '../../data/decode/sharp.js';

/** Encodes a test image as a data URI. */
export const imageUri = async (data: Data, index: number): Promise<string> =>
	pngUri(await encodePng(data.testImage(index), data.channels, data.size));

/** Returns the data URI of a PNG file. */
export const pngUri = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;

/** Returns a CSS rule for each image, so that the page contains it once even if it is shown repeatedly. */
export const imageRules = async (data: Data, images: Iterable<number>): Promise<string> => {
	const rules = [...new Set(images)].map(
		async index => `.i${index}{background-image:url(${await imageUri(data, index)})}`,
	);
	return (await Promise.all(rules)).join('\n');
};
