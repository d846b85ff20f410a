import {
	ConfigError,
	DataError,
	DeviceError,
	DivergedError,
	type ErrorCode,
	ModelError,
	ShapeError,
	type StepladderError,
	TrainerError,
	WriteError,
} from '../errors/index.js';
import type {Failure} from './binding.js';

/** Hands back the value, or throws the native failure as one of our error classes. */
export const unwrap = <Value extends object>(outcome: Value | Failure): Value => {
	if (isFailure(outcome)) {
		throw toError(outcome);
	}

	return outcome;
};

/** A native failure as one of our error classes, with a JavaScript stack. */
export const toError = (failure: Failure): StepladderError => {
	const {code, message, setting = '', path = '', expected = '', got = '', epoch = 0, batch = 0} = failure;
	switch (code) {
		case 'setting': {
			return new ConfigError(setting, expected, got, message);
		}

		case 'shape': {
			return new ShapeError(message, setting, expected, got);
		}

		case 'data': {
			return new DataError(message, path, expected, got);
		}

		case 'model': {
			return new ModelError(message, path, got);
		}

		case 'diverged': {
			return new DivergedError(message, epoch, batch);
		}

		case 'device': {
			return new DeviceError(message);
		}

		case 'write': {
			return new WriteError(message, path);
		}

		default: {
			return new TrainerError(code as ErrorCode, message);
		}
	}
};

const isFailure = (outcome: object): outcome is Failure => 'code' in outcome && 'message' in outcome;
