/**
 * Returns a function that runs work at once, but no more than `count` at a time; the rest waits in the order of the calls.
 */
export const limit = (count: number): (<Value>(work: () => Promise<Value>) => Promise<Value>) => {
	let free = count;
	const waiting: Array<() => void> = [];
	return async work => {
		if (free > 0) {
			free -= 1;
		} else {
			await new Promise<void>(resolve => waiting.push(resolve));
		}

		try {
			return await work();
		} finally {
			const next = waiting.shift();
			if (next) {
				next(); // which takes this one's place
			} else {
				free += 1;
			}
		}
	};
};
