import type {Data} from '../data/data.js';
import {BudgetError, DataError} from '../errors/index.js';
import {asExperiment, type Experiment} from '../experiment/experiment.js';
import {aimOf} from '../experiment/goal.js';
import {learningRates} from '../experiment/learning-rates.js';
import {labelOf} from '../experiment/metric.js';
import {currentCondition} from '../native/condition.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';
import {checkTrainOptions, type TrainOptions} from '../runs/train-options.js';
import {checkTrainable, type Trainable} from '../step/define-step.js';

/**
 * Checks everything that can be checked before a training, for callers that write to disk first.
 *
 * @throws {ConfigError} and the others of `train`, for the first problem
 */
export const checkTraining = (step: Trainable, options: TrainOptions, data: Data): void => {
	const {experiment} = checkStep(step, options);
	checkFits(step, experiment, data);
	learningRates(experiment, data.train);
	currentCondition(options);
	if (options.signal?.aborted) {
		throw abortedBy(options.signal);
	}
};

/**
 * Checks a step with its options and budgets.
 *
 * @returns the experiment to train, and the number of its parameters
 * @throws {ConfigError}
 * @throws {BudgetError}
 */
export const checkStep = (
	step: Trainable,
	options: TrainOptions,
): {readonly experiment: Experiment; readonly parameters: number} => {
	checkTrainable(step);
	checkTrainOptions(options);
	const experiment = asExperiment({...step.experiment, epochs: options.epochs ?? step.experiment.epochs});
	return {experiment, parameters: checkBudgets(step, experiment)};
};

/**
 * Compares an experiment with a step's budgets.
 *
 * @returns the number of parameters, counted on the net that was built
 * @throws {BudgetError}
 */
export const checkBudgets = ({name, target}: Trainable, experiment: Experiment): number => {
	if (experiment.epochs > target.maxEpochs) {
		throw new BudgetError(name, 'epochs', target.maxEpochs, experiment.epochs);
	}

	const {parameters} = unwrap(native().summarize(experiment.net));
	if (parameters > target.maxParameters) {
		throw new BudgetError(name, 'parameters', target.maxParameters, parameters);
	}

	return parameters;
};

/**
 * Compares the shape of images and the number of classes with the net, and the classes with the target.
 *
 * @throws {DataError}
 * @throws {ConfigError} for a target on the recall of an unknown class
 */
export const checkFits = ({name, target}: Trainable, {net}: Experiment, data: Data): void => {
	const fits = data.channels === net.channels && data.size === net.size && data.classes.length <= net.classes;
	if (!fits) {
		const expected = `images of ${net.channels} x ${net.size} x ${net.size} in at most ${net.classes} classes`;
		const got = `images of ${data.channels} x ${data.size} x ${data.size} in ${data.classes.length} classes`;
		throw new DataError(
			`the net of step \`${name}\` takes ${expected} (channels x height x width), but \`${data.name}\` has ${got}: ` +
				'make `net.channels`, `net.size` and `net.classes` fit',
			data.idx.folder,
			expected,
			got,
		);
	}
	const {metric} = aimOf(target);
	if (
		typeof metric !== 'string' &&
		!data.testLabels().includes(labelOf('target.metric.recall', metric.recall, data.classes))
	) {
		const expected = `test images of class ${metric.recall}, whose recall is the target of step \`${name}\``;
		const problem = `\`${data.name}\` should have ${expected}, and has none: add some, or choose another metric`;
		throw new DataError(problem, data.idx.folder, expected, 'none');
	}
};
