import {defineStep} from '../experiment/define-step.js';
import {percent} from '../report/percent.js';
import lrScheduler from './6-lr-scheduler.js';

export default defineStep({
	name: 'weight-averaging',
	from: lrScheduler,
	change: {averaging: {decay: 0.998}},
	target: {
		why: ({from}) =>
			`\`${from.name}\` held 99.4 % with ${from.held.count} of ${from.held.of} seeds. What it missed, it missed in the epochs ` +
			`whose rate had not yet fallen; over the last five its seeds have ${percent(from.test.mean)} % in the mean. An average of ` +
			'the weights over the last steps (Polyak and Juditsky 1992; Izmailov et al. 2018) takes the noise of single ' +
			'steps out of every epoch, without a change to how the net learns. Its decay of .998 a step spans about an ' +
			'epoch. With that the same 99.4 % should be held by every seed.',
		testAccuracy: 0.994,
		heldFor: 5,
		maxParameters: 8000,
		maxEpochs: 15,
	},
});
