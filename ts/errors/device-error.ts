import {StepladderError} from './stepladder-error.js';

/** The requested device is not available on this machine. */
export class DeviceError extends StepladderError {
	constructor(message: string) {
		super('device', message);
	}
}
