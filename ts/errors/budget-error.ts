import {StepladderError} from './stepladder-error.js';

/** A step that breaks its own budget: found before anything is trained. */
export class BudgetError extends StepladderError {
	constructor(
		/** The step's name. */
		readonly step: string,
		/** What the budget is about. */
		readonly quantity: 'parameters' | 'epochs',
		/** What the step's target allows. */
		readonly allowed: number,
		/** What the step would take. */
		readonly needed: number,
	) {
		super(
			'budget',
			`step \`${step}\` would take ${needed} ${quantity}, and its target allows ${allowed}: ` +
				`use fewer, or raise \`target.max${quantity === 'epochs' ? 'Epochs' : 'Parameters'}\` and say why`,
		);
	}
}
