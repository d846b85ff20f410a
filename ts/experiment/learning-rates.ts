import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import type {Experiment} from './experiment.js';

/**
 * Returns the learning rate of each epoch's last step, for so many training images.
 *
 * @throws {ConfigError} or {ShapeError} for an invalid experiment
 */
export const learningRates = (experiment: Experiment, images: number): Float64Array =>
	unwrap(native().learningRates(experiment, images));
