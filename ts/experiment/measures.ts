import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';

/** Epochs at the end of a run that a measure looks at. */
export const lastEpochs = 5;

/** What is measured of each seed. Accuracies are fractions. */
export const measures = {
	/** Mean test accuracy of the last five epochs. */
	test: 'test accuracy over the last five epochs',
	/** Lowest test accuracy of the last five epochs. */
	lowest: 'lowest test accuracy of the last five epochs',
	/** Highest less lowest test accuracy of the last five epochs. */
	unrest: 'spread of the last five test accuracies',
	/** Test accuracy after the first epoch. */
	first: 'test accuracy after the first epoch',
	/** Training accuracy of the last epoch while learning: augmented, with dropout, by the weights of each turn. */
	train: 'training accuracy while learning, in the last epoch',
	/** Accuracy on the training images in evaluation mode, unaugmented, after the last epoch. */
	trainClean: 'training accuracy in evaluation mode',
	/** `trainClean` less the test accuracy of the last epoch. */
	gap: 'gap between training and test accuracy, both in evaluation mode',
} as const;

export type Measure = keyof typeof measures;

/** @throws {ConfigError} for a measure that nobody knows */
export const checkMeasure = (setting: string, value: unknown): void => {
	if (typeof value !== 'string' || !Object.hasOwn(measures, value)) {
		const known = Object.keys(measures).map(name => `\`${name}\``);
		throw new ConfigError(setting, `one of ${known.join(', ')}`, formatValue(value));
	}
};
