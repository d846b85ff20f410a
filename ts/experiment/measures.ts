import {wrongChoice} from '../validation/validate.js';

/** Number of epochs at the end of a run over which `test`, `lowest` and `range` are computed. */
export const lastEpochs = 5;

/** The measures of a seed, each with its name in sentences. Accuracies are fractions. */
export const measures = {
	/** Mean test accuracy of the last five epochs. */
	test: 'test accuracy over the last five epochs',
	/** Lowest test accuracy of the last five epochs. */
	lowest: 'lowest test accuracy of the last five epochs',
	/** Highest minus lowest test accuracy of the last five epochs. */
	range: 'range of the last five test accuracies',
	/** Test accuracy after the first epoch. */
	first: 'test accuracy after the first epoch',
	/** Training accuracy of the last epoch while training: augmented, with dropout, with changing weights. */
	train: 'training accuracy while learning, in the last epoch',
	/** Accuracy on the training images in evaluation mode, without augmentation, after the last epoch. */
	trainClean: 'training accuracy in evaluation mode',
	/** `trainClean` minus the test accuracy of the last epoch. */
	gap: 'gap between training and test accuracy, both in evaluation mode',
	/** Mean recall over the classes, on the test images after the last epoch. */
	balancedAccuracy: 'balanced test accuracy after the last epoch',
	/** Mean F1 over the classes, on the test images after the last epoch. */
	macroF1: 'macro F1 on the test images after the last epoch',
	/** Fraction of the test images whose class is among the three likeliest, after the last epoch; with four classes or more. */
	top3: 'top-3 test accuracy after the last epoch',
	/** Expected calibration error on the test images after the last epoch, over 15 bins of equal width. */
	calibrationError: 'expected calibration error on the test images after the last epoch',
} as const;

/** The measures of the last epoch's predictions. Records that are older than these measures do not have them. */
export const predictionMeasures = ['balancedAccuracy', 'macroF1', 'top3', 'calibrationError'] as const;

export type PredictionMeasure = (typeof predictionMeasures)[number];

export type Measure = keyof typeof measures;

/** The first name of `range`, which the target of a step, a preregistration or a run may still have. */
export const firstNameOfRange = 'unrest';

/** Returns the current name of a target's primary measure. */
export const currentMeasure = (name: Measure): Measure => ((name as string) === firstNameOfRange ? 'range' : name);

/** @throws {ConfigError} for an unknown measure */
export const checkMeasure = (setting: string, value: unknown): void => {
	if (typeof value !== 'string' || !Object.hasOwn(measures, value)) {
		const known = Object.keys(measures);
		throw wrongChoice(setting, `one of ${known.map(name => `\`${name}\``).join(', ')}`, value, known);
	}
};
