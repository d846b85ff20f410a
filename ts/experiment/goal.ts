import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkMeasure, currentMeasure, type Measure} from './measures.js';

/** What is asked of every seed, and within which budgets. */
export type Goal = {
	/** Accuracy on the test images, in `(0, 1]`. */
	readonly testAccuracy: number;
	/** In how many of the last epochs, each of them. */
	readonly heldFor: number;
	/** At most so many parameters. */
	readonly maxParameters: number;
	/** At most so many epochs. */
	readonly maxEpochs: number;
	/**
	 * The measure that the step is to change. An analysis tests it by itself, and corrects its other tests for their number.
	 *
	 * @default 'test'
	 */
	readonly primary?: Measure | undefined;
};

/** A target without its reason. */
export const goalOf = ({testAccuracy, heldFor, maxParameters, maxEpochs, primary}: Goal): Goal => ({
	...{testAccuracy, heldFor, maxParameters, maxEpochs},
	...(primary && {primary: currentMeasure(primary)}),
});

/** @throws {ConfigError} for the first number that makes no sense */
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
