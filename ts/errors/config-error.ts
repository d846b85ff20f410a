import {StepladderError} from './stepladder-error.js';

/** A setting that no run could honour: of the wrong type, out of range, unknown. */
export class ConfigError extends StepladderError {
	constructor(
		/** Path of the setting, such as `schedule.maxLearningRate`. */
		readonly setting: string,
		/** What would have been right. */
		readonly expected: string,
		/** What came. */
		readonly got: string,
		message = `\`${setting}\` should be ${expected}, got ${got}`,
		options?: ErrorOptions,
	) {
		super('setting', message, options);
	}
}
