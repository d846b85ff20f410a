import {StepladderError} from './stepladder-error.js';

/** Slurm refused a job, doesn't answer, or lost one. */
export class SlurmError extends StepladderError {
	constructor(
		message: string,
		/** The program of Slurm that failed: `sbatch`; `undefined` if it was a job. */
		readonly program: string | undefined,
		/** The output of that program, or the last lines of the job’s. */
		readonly output: string,
		options?: ErrorOptions,
	) {
		super('slurm', message, options);
	}
}
