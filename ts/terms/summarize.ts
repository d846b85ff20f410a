import type {Summary, SummaryRow} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {asNet, type Net} from './experiment.js';

export type {Summary, SummaryRow};

/**
 * Builds a net, runs an image through it, and reports its layers with shapes, receptive fields and parameters.
 * Takes milliseconds, on the calling thread.
 *
 * @throws {ConfigError} or {ShapeError} where it can't be built
 */
export const summarize = (net: Net): Summary => unwrap(native().summarize(asNet(net)));
