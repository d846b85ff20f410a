import path from 'node:path';
import process from 'node:process';
import envPaths from 'env-paths';
import {WriteError} from '../errors/index.js';

/** The folder for what can be made again: `STEPLADDER_CACHE`, or the platform's own place for caches. */
export const cacheFolder = (): string =>
	path.resolve(process.env['STEPLADDER_CACHE'] || envPaths('stepladder', {suffix: ''}).cache);

/**
 * Does work that writes to a place in the cache.
 *
 * @throws {WriteError} where the system refuses; other errors are left as they are
 */
export const writingCache = async <Value>(place: string, work: () => Promise<Value>): Promise<Value> => {
	try {
		return await work();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).syscall === undefined) {
			throw error;
		}

		const reason = (error as Error).message;
		throw new WriteError(
			`could not write the cache in ${place} (${reason}); name another place by STEPLADDER_CACHE`,
			place,
			{cause: error},
		);
	}
};
