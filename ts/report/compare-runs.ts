import {ConfigError, RecordError} from '../errors/index.js';
import {lastEpochs} from '../experiment/measures.js';
import {changesBetween} from './changes.js';
import {type Compared, type Comparison, commonSeeds, comparisons} from './comparison.js';
import {findGroups, type RunGroup, type RunsOptions} from './run-groups.js';

/** Runs and records, the first of them compared with each of the others. */
export type RunComparisons = {
	readonly comparisons: ReadonlyArray<
		Comparison & {/** In which settings they differ, in words. */ readonly differs: string}
	>;
	/** What was left out or limited, in sentences. */
	readonly notes: readonly string[];
};

/**
 * Compares runs, and recorded steps, by paired tests: the first with each of the others, over the seeds that both have.
 *
 * @param names run folders, folders of such, or recorded steps of the ladder. Runs of one step with the same settings
 * are compared as one, seed by seed; unfinished ones are left out, which `notes` says
 * @param options the ladder that names of steps belong to
 * @throws {ConfigError} where there are not two to compare, or they have no seed in common
 * @throws {RecordError} for runs of other data, and for a damaged run or record
 */
export const compareRuns = async (names: readonly string[], options: RunsOptions = {}): Promise<RunComparisons> => {
	const {groups, notes} = await findGroups(names, options);
	const unfinished = groups.flatMap(group => unfinishedNote(group) ?? []);
	const finished = groups.filter(({measured}) => measured);
	const [first, ...others] = finished;
	if (!first || others.length === 0) {
		throw new ConfigError('runs', 'two that have finished', String(finished.length), tooFew(groups, unfinished));
	}

	for (const other of others) {
		const reason = otherImages(first, other);
		if (reason !== undefined) {
			throw new RecordError(first.runs[0]?.folder ?? first.name, `it ${reason}`);
		}
	}

	const paired = others.filter(other => commonSeeds(compared(first), compared(other)).length > 0);
	const apart = others.filter(other => !paired.includes(other)).map(other => noCommonSeed(first, other));
	if (paired.length === 0) {
		throw new ConfigError('seeds', 'one that both have', 'none', apart.join(' '));
	}

	const found = comparisons(
		paired.map(other => [compared(first), compared(other)]),
		first.target.primary,
	);
	return {
		comparisons: found.map((comparison, index) => ({
			...comparison,
			differs: differs(paired[index] as RunGroup, first),
		})),
		notes: [...notes, ...unfinished, ...finished.flatMap(group => limitNotes(group)), ...apart],
	};
};

const tooFew = (groups: readonly RunGroup[], unfinished: readonly string[]): string => {
	const [first] = groups;
	return groups.length > 1
		? `two that have finished are needed. ${unfinished.join(' ')}`
		: `name another run or step to compare ${first?.name} with${(first?.runs.length ?? 0) > 1 ? ': all of its runs have the same settings' : ''}`;
};

/** A group as comparisons want it. */
export const compared = ({name, measured, answers}: RunGroup): Compared => {
	if (!measured) {
		throw new Error('only what has finished can be compared');
	}

	return {name, ...measured, answers};
};

/** Why two can't be compared at all, of the first of them: they were judged by other images. */
export const otherImages = (a: RunGroup, b: RunGroup): string | undefined => {
	if (a.data.hash !== b.data.hash) {
		return `was trained on other data (${a.data.name}) than \`${b.name}\` (${b.data.name}), so the two can’t be compared`;
	}

	const count = (images: number): string => images.toLocaleString('en');
	return a.images.test === b.images.test
		? undefined
		: `was judged by ${count(a.images.test)} test images and \`${b.name}\` by ${count(b.images.test)}, so that the two can’t be compared`;
};

/** Why two can't be paired. */
export const noCommonSeed = (a: RunGroup, b: RunGroup): string => {
	const seeds = ({name, measured}: RunGroup): string => `\`${name}\` has ${(measured?.seeds ?? []).join(', ')}`;
	return `No seed is in both: ${seeds(a)}, ${seeds(b)}. Train the one with a seed of the other.`;
};

/** Which runs of a group have not finished; nothing where all have. */
export const unfinishedNote = ({name, runs}: RunGroup): string | undefined => {
	const open = runs.filter(({isFinished}) => !isFinished);
	const told = open.map(({seed, epochs, of}) => `seed ${seed} has ${epochs.length} of ${of} epochs`);
	return open.length > 0 ? `Left out, unfinished: ${name}, ${told.join(', ')}.` : undefined;
};

/** What a group learned from or was judged by, where that is less than there is, or than measures look at. */
export const limitNotes = ({name, images, data, experiment: {epochs}}: RunGroup): string[] => {
	const count = (images: number): string => images.toLocaleString('en');
	return [
		...(images.train < data.train
			? [`${name}: learned from ${count(images.train)} of ${count(data.train)} training images.`]
			: []),
		...(images.test < data.test
			? [`${name}: judged by the first ${count(images.test)} of ${count(data.test)} test images.`]
			: []),
		...(epochs < lastEpochs
			? [`${name}: trained for ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, which stand for the last ${lastEpochs}.`]
			: []),
	];
};

/** In which settings two differ, from one to the other. */
export const differs = (before: RunGroup, after: RunGroup): string => {
	const {settings, layers} = changesBetween(before.experiment, after.experiment);
	const told = [
		...settings.map(({setting, before, after}) => `${setting} ${before} -> ${after}`),
		...(layers.length > 0 ? ['other layers'] : []),
	];
	return told.length > 0 ? told.join('; ') : 'in no setting';
};
