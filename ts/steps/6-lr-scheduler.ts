/*
Target: At least 99.40 % of the test images in each of the last 5 epochs, with at most 8,000 parameters and 15
  epochs.
  Why: At a constant rate the last epochs differ by the noise of the last steps. One cycle (Smith and Topin 2018)
  warms up to a rate ten times as high, which 15 epochs can use to get far, and lets it fall to almost nothing, so
  that the weights settle and the last epochs agree. That is what holding 99.4 % in each of the last five epochs
  asks for: the same images and the same net, and a quieter end.

Result: Missed: held by 3 of 5 seeds (seeds 1 to 5), with 6,720 parameters and 15 epochs, on the `fused` engine.
  Test accuracy over the last five epochs: 99.49 % (deviation 0.03, 95 % interval 99.46 to 99.54); lowest in any of
  them 99.38 %. Training accuracy in the last epoch: 98.88 % (deviation 0.04, 95 % interval 98.83 to 98.94) while
  learning (with augmentation and dropout), 99.55 % (deviation 0.02, 95 % interval 99.54 to 99.57) in evaluation
  mode. The lowest of the epochs that count: 99.38 % with seed 3, 99.38 % with seed 5.

Analysis:
- none yet
*/

import {defineStep} from '../experiment/define-step.js';
import augmentation from './5-augmentation.js';

export default defineStep({
	name: 'lr-scheduler',
	from: augmentation,
	change: {
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.2, divFactor: 25, finalDivFactor: 1e4},
	},
	target: {
		why:
			'At a constant rate the last epochs differ by the noise of the last steps. One cycle (Smith and Topin 2018) ' +
			'warms up to a rate ten times as high, which 15 epochs can use to get far, and lets it fall to almost ' +
			'nothing, so that the weights settle and the last epochs agree. That is what holding 99.4 % in each of the ' +
			'last five epochs asks for: the same images and the same net, and a quieter end.',
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 8000,
		maxEpochs: 15,
	},
});
