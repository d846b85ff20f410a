import {WriteError} from '../errors/index.js';

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
