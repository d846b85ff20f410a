import type {Ending} from '../helpers/folder.js';

/** Does work, and then runs its clean-up. */
export const scoped = async <Value>(work: (scope: Ending) => Promise<Value>): Promise<Value> => {
	const tidying: Array<() => void> = [];
	try {
		return await work({teardown: tidy => tidying.push(tidy)});
	} finally {
		for (const tidy of tidying.reverse()) {
			tidy();
		}
	}
};
