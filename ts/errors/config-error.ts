import {StepladderError} from './stepladder-error.js';

/** A setting that can't be used: of the wrong type, out of range, or unknown. */
export class ConfigError extends StepladderError {
	constructor(
		/** Path of the setting, such as `schedule.maxLearningRate`. */
		readonly setting: string,
		/** A description of valid values. */
		readonly expected: string,
		/** The value given. */
		readonly got: string,
		message = `\`${setting}\` should be ${expected}, got ${got}`,
		options?: ErrorOptions,
	) {
		super('setting', message, options);
	}
}
