import {encode} from 'fast-png';
import {mnistImages} from '../../data/mnist.js';

const size = 28;

/** A test image as a data URI. */
export const digitUri = (image: number): string => {
	const data = mnistImages().subarray(image * size * size, (image + 1) * size * size);
	const png = encode({width: size, height: size, data, depth: 8, channels: 1});
	return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
};

/** A rule for each image, so that the page holds each once however often it shows it. */
export const digitRules = (images: Iterable<number>): string =>
	[...new Set(images)].map(image => `.d${image}{background-image:url(${digitUri(image)})}`).join('\n');
