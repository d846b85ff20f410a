import {createHash} from 'node:crypto';
import process from 'node:process';

/** What a part of the campaign is asked for. */
export type Wanted = {
	/** At most so many tries, drawn by the seed; all there are without. */
	readonly tries?: number | undefined;
	readonly seed: number;
	/** One try alone, by the name that a failure gave it. */
	readonly only?: string | undefined;
};

export type Failure = {
	/** Names the try, for `--try`. */
	readonly name: string;
	/** What did not hold. */
	readonly what: string;
};

export type Outcome = {readonly tries: number; readonly failures: readonly Failure[]; readonly note?: string};

/** A kind of fault, and what Stepladder promises where it strikes. */
export type Part = {
	/** For `--only`. */
	readonly name: string;
	readonly fault: string;
	readonly promise: string;
	/** Why it can't be tried here, as a sentence. */
	readonly skipped?: () => string | undefined;
	readonly run: (wanted: Wanted) => Promise<Outcome>;
};

/** A number in [0, 1) that follows from a seed and a name. */
export const drawn = (seed: number, name: string): number =>
	createHash('sha256').update(`${seed} ${name}`).digest().readUInt32BE(0) / 2 ** 32;

/** Those of the names that are wanted: one, a number drawn by the seed, or all. */
export const chosen = (names: readonly string[], {tries, seed, only}: Wanted): readonly string[] => {
	if (only !== undefined) {
		return [only];
	}

	if (tries === undefined || tries >= names.length) {
		return names;
	}

	return names
		.map(name => ({name, order: drawn(seed, name)}))
		.sort((a, b) => a.order - b.order)
		.slice(0, tries)
		.map(({name}) => name);
};

/** Tries names one after the other, `atOnce` of them side by side. How far it is, is told each half a minute. */
export const tryEach = async (
	names: readonly string[],
	attempt: (name: string) => Promise<string | undefined>,
	atOnce = 1,
): Promise<Outcome> => {
	const waiting = [...names];
	const failures: Failure[] = [];
	let [done, told] = [0, performance.now()];
	const work = async (): Promise<void> => {
		for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
			const what = await attempt(name);
			if (what !== undefined) {
				failures.push({name, what});
			}

			done += 1;
			if (performance.now() - told > 30_000) {
				told = performance.now();
				process.stderr.write(`${done} of ${names.length} tried, ${failures.length} failed\n`);
			}
		}
	};

	await Promise.all(Array.from({length: atOnce}, work));
	return {tries: names.length, failures};
};
