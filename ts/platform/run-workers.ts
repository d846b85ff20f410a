import {abortedBy} from './abort.js';

/** Splits items into parts of `size`, the last of which may be shorter, each with the position of its first item. */
export const partsOf = <Item>(
	items: readonly Item[],
	size: number,
): Array<{readonly start: number; readonly part: readonly Item[]}> =>
	Array.from({length: Math.ceil(items.length / size)}, (_, index) => ({
		start: index * size,
		part: items.slice(index * size, (index + 1) * size),
	}));

/**
 * Works on the items of a queue, several at once. The first failure stops the others by the signal that they are given, and is
 * thrown once all have ended.
 *
 * @param count number of items in progress at once
 * @throws {AbortError} if `signal` aborts between two items
 */
export const runWorkers = async <Item>(
	queue: readonly Item[],
	count: number,
	signal: AbortSignal,
	work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
	const items = queue.values(); // shared: each worker takes the next
	const failure = new AbortController();
	const stop = AbortSignal.any([failure.signal, signal]);
	const workers = Array.from({length: Math.min(count, queue.length)}, async () => {
		for (const item of items) {
			if (stop.aborted) {
				throw abortedBy(stop);
			}

			await work(item, stop);
		}
	});
	try {
		await Promise.all(workers);
	} catch (error) {
		failure.abort(error);
		await Promise.allSettled(workers);
		throw error;
	}
};
