import {StepladderError} from './stepladder-error.js';

/** A step that exceeds its own budget, found before training. */
export class BudgetError extends StepladderError {
	constructor(
		/** The step's name. */
		readonly step: string,
		/** The quantity that the budget limits. */
		readonly quantity: 'parameters' | 'epochs',
		/** The number that the step's target allows. */
		readonly allowed: number,
		/** The number that the step needs. */
		readonly needed: number,
	) {
		super(
			'budget',
			`step \`${step}\` would take ${needed} ${quantity}, and its target allows ${allowed}: ` +
				`use fewer, or raise \`target.max${quantity === 'epochs' ? 'Epochs' : 'Parameters'}\` and say why`,
		);
	}
}
