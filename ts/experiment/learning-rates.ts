import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import type {Experiment} from './experiment.js';

/**
 * The learning rate of each epoch's last step over so many training images, as a run tells it.
 *
 * @throws {ConfigError} or {ShapeError} for an experiment that can't be run
 */
export const learningRates = (experiment: Experiment, images: number): Float64Array =>
	unwrap(native().learningRates(experiment, images));
