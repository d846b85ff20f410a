/**
 * Runs so many workers at once. The first that fails ends the others, and is thrown once none is left running.
 *
 * @param failure what the workers end by
 */
export const runWorkers = async (count: number, work: () => Promise<void>, failure: AbortController): Promise<void> => {
	const workers = Array.from({length: count}, work);
	try {
		await Promise.all(workers);
	} catch (error) {
		failure.abort(error);
		await Promise.allSettled(workers);
		throw error;
	}
};
