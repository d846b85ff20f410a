// The first records are older than preregistrations: theirs were put together from the commits that first had the target,
// the experiment and the reason of a step. They are read, checked and printed; none is written any more.
import {z} from 'zod';
import type {Preregistration} from '../claims/preregistration.js';
import {shapes} from '../validation/validate.js';

const origin = z.strictObject({commit: shapes.commit, time: shapes.time});

/** The commits of a preregistration; `result` is the first commit with a result of the step. */
export const historyShape = z.strictObject({
	...{by: z.literal('history'), target: origin, experiment: origin, why: origin, result: origin},
});

export type Origin = z.infer<typeof origin>;

export type History = z.infer<typeof historyShape>;

/** Returns the commits of a preregistration that was put together from them. */
export const historyOf = (made: Preregistration['made']): History => historyShape.parse(made);

/** Returns whether a commit was made before the result or after it; `with` it, if it is the same commit. */
export const orderOf = (part: Origin, result: Origin): 'before' | 'with' | 'after' =>
	part.commit === result.commit ? 'with' : Date.parse(part.time) < Date.parse(result.time) ? 'before' : 'after';

/** Checks that equal commits have equal times, and returns a sentence for each that has not. */
export const checkHistory = (history: History): string[] =>
	(['target', 'experiment', 'why'] as const).flatMap(part =>
		(history[part].commit === history.result.commit) === (history[part].time === history.result.time)
			? []
			: [`the commits of \`${part}\` and of the result and their times should be the same, or both differ`],
	);
