import type {LedgerLine, LineOf} from './events.js';

/** What a ledger says about the time before a preregistration. */
export type Attempts = {
	/** 1 if the step was preregistered for the first time. */
	readonly number: number;
	/** Number of earlier preregistrations that were recorded. */
	readonly recorded: number;
	/** Seeds of the preregistration that had been trained with the same settings on the same images. */
	readonly trained: readonly number[];
	/** Number of other runs of the step that had been evaluated on the test images: other seeds, settings or images. */
	readonly otherRuns: number;
};

/**
 * Counts what a ledger has of a step before one of its preregistrations. Steps count as the same by their name or by their
 * experiment, so that renaming one hides none.
 *
 * @param promise hash of the preregistration
 * @returns `undefined` if the ledger does not have it
 */
export const attemptsBefore = (lines: readonly LedgerLine[], promise: string): Attempts | undefined => {
	const own = lines.find((line): line is LineOf<'promised'> => line.event === 'promised' && line.promise === promise);
	if (!own) {
		return undefined;
	}

	const before = lines.slice(0, lines.indexOf(own));
	const earlier = before.filter(
		(line): line is LineOf<'promised'> =>
			line.event === 'promised' && (line.step === own.step || line.experiment === own.experiment),
	);
	const isRecorded = (hash: string): boolean => before.some(line => line.event === 'recorded' && line.promise === hash);
	const fromBefore = beforeLedger(lines, own.step);
	const runs = runsBefore(before, own, earlier);
	const known = new Set(runs.filter(({isEqual}) => isEqual).map(({seed}) => seed));
	const trained = own.seeds.filter(seed => known.has(seed));
	const others = new Set(
		runs.filter(({isEqual, seed}) => !(isEqual && trained.includes(seed))).map(({key, seed}) => `${key} ${seed}`),
	);
	return {
		number: earlier.length + (fromBefore === undefined ? 0 : 1) + 1,
		recorded: earlier.filter(({promise}) => isRecorded(promise)).length + (fromBefore === 'recorded' ? 1 : 0),
		trained,
		otherRuns: others.size,
	};
};

/** Returns whether a step had a record or a preregistration when its ladder's ledger was opened. */
const beforeLedger = ([opened]: readonly LedgerLine[], step: string): 'recorded' | 'preregistered' | undefined => {
	const files = opened?.event === 'opened' ? Object.keys(opened.files) : [];
	const has = (name: string): boolean => files.some(file => file.replace(/^\d+-/, '') === `${step}/${name}`);
	return has('record.json') ? 'recorded' : has('promise.json') ? 'preregistered' : undefined;
};

/** A run that was evaluated on the test images; those of one `key` have the same settings and images. */
type Run = {readonly seed: number; readonly key: string; readonly isEqual: boolean};

const runsBefore = (
	before: readonly LedgerLine[],
	own: LineOf<'promised'>,
	earlier: ReadonlyArray<LineOf<'promised'>>,
): Run[] =>
	before.flatMap((line): Run[] => {
		const promised = line.event === 'begun' ? earlier.find(({promise}) => promise === line.promise) : undefined;
		const trained = line.event === 'training' ? line : undefined;
		const run = promised ?? trained;
		if (!run || !(run.step === own.step || run.experiment === own.experiment)) {
			return [];
		}

		const {limitTrain, holdout} = trained ?? {};
		const key = JSON.stringify([run.experiment, run.data, limitTrain, holdout]);
		const isEqual = run.experiment === own.experiment && run.data === own.data && (limitTrain ?? holdout) === undefined;
		const {seeds} = line as LineOf<'begun' | 'training'>;
		return seeds.map(seed => ({seed, key, isEqual}));
	});
