import type {Summary, SummaryRow} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {asNet, type Net} from './experiment.js';

/** Returns the multiply-adds of a net's convolutions and linear layers for one image, forward and backward. */
export const multiplyAddsOf = (net: Net): number => {
	const counts = summarize(net).rows.map(({multiplyAdds}) => multiplyAdds);
	const first = counts.find(count => count > 0) ?? 0; // images need no gradient
	return 3 * counts.reduce((sum, count) => sum + count, 0) - first;
};

export type {Summary, SummaryRow};

/**
 * Builds a net, runs an image through it, and returns its layers with shapes, receptive fields and parameters.
 * Takes milliseconds, on the calling thread.
 *
 * @throws {ConfigError} or {ShapeError} for an invalid net
 */
export const summarize = (net: Net): Summary => unwrap(native().summarize(asNet(net)));
