import {BudgetError} from '../errors/index.js';
import type {Experiment} from '../experiment/experiment.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import type {Trainable} from '../step/define-step.js';

/**
 * Holds an experiment to a step's budgets before anything is trained.
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
