import type {Net} from './experiment.js';
import {summarize} from './summarize.js';

/** Multiply-adds of a net's convolutions for one image, forward and backward. */
export const multiplyAddsOf = (net: Net): number => {
	const layers = summarize(net).rows.map(({operation, kernel, channelsIn, channelsOut, sizeOut}) =>
		operation.includes('conv') ? kernel ** 2 * channelsIn * channelsOut * sizeOut ** 2 : 0,
	);
	const [first = 0] = layers; // images need no gradient
	return 3 * layers.reduce((sum, count) => sum + count, 0) - first;
};
