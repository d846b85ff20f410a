import {createHash} from 'node:crypto';
import process from 'node:process';

/** Options of a part of the campaign. */
export type Wanted = {
	/** The most tries, drawn by the seed. @default all */
	readonly tries?: number | undefined;
	readonly seed: number;
	/** The name of a single try, from a failure. */
	readonly only?: string | undefined;
};

export type Failure = {
	/** The name of the try, for `--try`. */
	readonly name: string;
	/** The problem. */
	readonly what: string;
};

export type Outcome = {readonly tries: number; readonly failures: readonly Failure[]; readonly note?: string};

/** A kind of fault, and the guarantee of Stepladder for it. */
export type Part = {
	/** For `--only`. */
	readonly name: string;
	readonly fault: string;
	readonly promise: string;
	/** Returns the reason if it can't be tried here. */
	readonly skipped?: () => string | undefined;
	readonly run: (wanted: Wanted) => Promise<Outcome>;
};

/** Returns a number in [0, 1) that depends on a seed and a name. */
export const drawn = (seed: number, name: string): number =>
	createHash('sha256').update(`${seed} ${name}`).digest().readUInt32BE(0) / 2 ** 32;

/** Returns the chosen names: one, a number drawn by the seed, or all. */
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

/** Runs the tries, `atOnce` of them concurrently. Reports progress every 30 seconds. */
export const tryEach = async (
	names: readonly string[],
	attempt: (name: string) => Promise<string | undefined>,
	atOnce = 1,
): Promise<Outcome> => {
	const waiting = [...names];
	const failures: Failure[] = [];
	let [done, reported] = [0, performance.now()];
	const work = async (): Promise<void> => {
		for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
			const what = await attempt(name);
			if (what !== undefined) {
				failures.push({name, what});
			}

			done += 1;
			if (performance.now() - reported > 30_000) {
				reported = performance.now();
				process.stderr.write(`${done} of ${names.length} tried, ${failures.length} failed\n`);
			}
		}
	};

	await Promise.all(Array.from({length: atOnce}, work));
	return {tries: names.length, failures};
};
