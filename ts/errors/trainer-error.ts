import {StepladderError} from './stepladder-error.js';

/** libtorch refused an operation (`torch`), or the trainer met a bug of its own (`internal`). */
export class TrainerError extends StepladderError {}
