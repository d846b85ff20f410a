import type {Engine} from '../native/engine.js';
import type {SeedResult} from './events.js';

/** What the weights of the last epoch make of the test images, in their order. */
export type Answers = {
	/** The likeliest class of each. */
	readonly labels: readonly number[];
	/** Its probability. */
	readonly probabilities: readonly number[];
};

/** What a finished seed leaves besides its log. */
export type FinishedSeed = {
	readonly result: SeedResult;
	readonly trainCleanTotal: number;
	readonly answers: Answers;
	readonly engine: Engine;
	readonly device: string;
	readonly threads: number;
	readonly seconds: number;
};
