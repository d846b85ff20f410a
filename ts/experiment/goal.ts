import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkMeasure, currentMeasure, type Measure} from './measures.js';

/** Target accuracy for every seed, and budgets. */
export type Goal = {
	/** Accuracy on the test images that an epoch should reach, in `(0, 1]`. */
	readonly testAccuracy: number;
	/** Number of last epochs, each of which should reach it. */
	readonly heldFor: number;
	/** Largest number of parameters. */
	readonly maxParameters: number;
	/** Largest number of epochs. */
	readonly maxEpochs: number;
	/**
	 * Measure that the step is to change. Its test is not corrected; the other tests of an analysis are corrected together.
	 *
	 * @default 'test'
	 */
	readonly primary?: Measure | undefined;
};

/** Returns a target without its reason. */
export const goalOf = ({testAccuracy, heldFor, maxParameters, maxEpochs, primary}: Goal): Goal => ({
	...{testAccuracy, heldFor, maxParameters, maxEpochs},
	...(primary && {primary: currentMeasure(primary)}),
});

/** @throws {ConfigError} for the first invalid value */
export const checkGoal = ({testAccuracy, heldFor, maxParameters, maxEpochs, primary}: Goal): void => {
	if (!(typeof testAccuracy === 'number' && testAccuracy > 0 && testAccuracy <= 1)) {
		throw new ConfigError('target.testAccuracy', 'a fraction above 0 and at most 1', formatValue(testAccuracy));
	}

	for (const [setting, value] of Object.entries({heldFor, maxParameters, maxEpochs})) {
		if (!Number.isSafeInteger(value) || value < 1) {
			throw new ConfigError(`target.${setting}`, 'a whole number, at least 1', formatValue(value));
		}
	}

	if (primary !== undefined) {
		checkMeasure('target.primary', currentMeasure(primary));
	}
};
