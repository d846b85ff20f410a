import {StepladderError} from './stepladder-error.js';

/** The device asked for can't be had on this machine. */
export class DeviceError extends StepladderError {
	constructor(message: string) {
		super('device', message);
	}
}
