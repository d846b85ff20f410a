import {randomInt} from 'node:crypto';
import type {Experiment} from './experiment.js';
import {multiplyAddsOf} from './summarize.js';

/**
 * Returns whether an epoch over so many images takes more than 2 x 10^12 multiply-adds, about a minute on one core. Computed
 * from the net, not from recorded seconds, which could be forged.
 */
export const isSlow = ({net}: Experiment, images: number): boolean => multiplyAddsOf(net) * images > 2e12;

/**
 * Returns how many epochs of a run to train again, from the first: all of them, and of a slow run a number drawn by the system's
 * randomness: at least `k` with probability `1 / k`, so 3.3 of 15 on average. A record has no checkpoints, so that no epoch can be
 * trained without those before it. With a fixed number, a forger would know which epochs are never compared.
 *
 * @param share what was drawn, uniform in (0, 1]
 */
export const replayedEpochs = (experiment: Experiment, images: number, share = randomShare()): number =>
	isSlow(experiment, images) ? Math.min(experiment.epochs, Math.floor(1 / share)) : experiment.epochs;

const randomShare = (): number => (randomInt(2 ** 32) + 1) / 2 ** 32;
