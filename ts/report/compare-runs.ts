import {ConfigError, RecordError} from '../errors/index.js';
import {lastEpochs} from '../experiment/measures.js';
import {changesBetween} from './changes.js';
import {type Compared, type Comparison, commonSeeds, comparisons} from './comparison.js';
import {findGroups, type RunGroup, type RunsOptions} from './run-groups.js';

/** Comparisons of the first of several runs and records with each of the others. */
export type RunComparisons = {
	readonly comparisons: ReadonlyArray<
		Comparison & {/** The settings in which they differ, in words. */ readonly differs: string}
	>;
	/** Sentences about runs that were left out or limited. */
	readonly notes: readonly string[];
};

/**
 * Compares runs, and recorded steps, by paired tests: the first with each of the others, over their common seeds.
 *
 * @param names run folders, folders of run folders, or recorded steps of the ladder. Runs of one step with the same
 * settings form one group; unfinished ones are left out and listed in `notes`
 * @param options the ladder to find steps in
 * @throws {ConfigError} if there are fewer than two groups to compare, or none has a seed in common with the first
 * @throws {RecordError} for runs on different data, and for a damaged run or record
 */
export const compareRuns = async (names: readonly string[], options: RunsOptions = {}): Promise<RunComparisons> => {
	const {groups, notes} = await findGroups(names, options);
	const unfinished = groups.flatMap(group => unfinishedNote(group) ?? []);
	const finished = groups.filter(({measured}) => measured);
	const [first, ...others] = finished;
	if (!first || others.length === 0) {
		throw new ConfigError(
			'runs',
			'two finished runs or recorded steps',
			String(finished.length),
			tooFew(groups, unfinished),
		);
	}

	for (const other of others) {
		const reason = otherImages(first, other);
		if (reason !== undefined) {
			throw new RecordError(first.runs[0]?.folder ?? first.name, `it ${reason}`);
		}
	}

	const paired = others.filter(other => commonSeeds(compared(first), compared(other)).length > 0);
	const unpaired = others.filter(other => !paired.includes(other)).map(other => noCommonSeed(first, other));
	if (paired.length === 0) {
		throw new ConfigError('seeds', 'one in common', 'none', unpaired.join(' '));
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
		notes: [...notes, ...unfinished, ...finished.flatMap(group => limitNotes(group)), ...unpaired],
	};
};

const tooFew = (groups: readonly RunGroup[], unfinished: readonly string[]): string => {
	const [first] = groups;
	return groups.length > 1
		? `comparing needs two finished runs or recorded steps. ${unfinished.join(' ')}`
		: `name another run or step to compare ${first?.name} with${(first?.runs.length ?? 0) > 1 ? ': all of its runs have the same settings' : ''}`;
};

/** Converts a group to one side of a comparison. */
export const compared = ({name, measured, answers}: RunGroup): Compared => {
	if (!measured) {
		throw new Error('only a group with a finished run can be compared');
	}

	return {name, ...measured, answers};
};

/** Returns why `a` can't be compared with `b`, as a predicate of `a`; `undefined` if their test images are the same. */
export const otherImages = (a: RunGroup, b: RunGroup): string | undefined => {
	if (a.data.hash !== b.data.hash) {
		return `was trained on other data (${a.data.name}) than \`${b.name}\` (${b.data.name}), so the two can’t be compared`;
	}

	const count = (images: number): string => images.toLocaleString('en');
	if (a.images.test === b.images.test && a.images.drawSeed !== b.images.drawSeed) {
		return `was evaluated on another draw of test images than \`${b.name}\`, so the two can’t be compared`;
	}

	return a.images.test === b.images.test
		? undefined
		: `was evaluated on ${count(a.images.test)} test images and \`${b.name}\` on ${count(b.images.test)}, so the two can’t be compared`;
};

/** Returns a sentence that two groups have no common seed. */
export const noCommonSeed = (a: RunGroup, b: RunGroup): string => {
	const seeds = ({name, measured}: RunGroup): string => `\`${name}\` has ${(measured?.seeds ?? []).join(', ')}`;
	return `No common seed: ${seeds(a)}; ${seeds(b)}. Train one with a seed of the other.`;
};

/** Lists the unfinished runs of a group; `undefined` if all have finished. */
export const unfinishedNote = ({name, runs}: RunGroup): string | undefined => {
	const open = runs.filter(({isFinished}) => !isFinished);
	const progress = open.map(({seed, epochs, of}) => `seed ${seed} has ${epochs.length} of ${of} epochs`);
	return open.length > 0 ? `Left out, unfinished: ${name}, ${progress.join(', ')}.` : undefined;
};

/** Returns a sentence for each limit of a group: fewer training images, test images or epochs than usual. */
export const limitNotes = ({name, images, data, experiment: {epochs}}: RunGroup): string[] => {
	const count = (images: number): string => images.toLocaleString('en');
	return [
		...(images.train < data.train
			? [`${name}: trained on ${count(images.train)} of ${count(data.train)} training images.`]
			: []),
		...(images.test < data.test
			? [`${name}: evaluated on ${count(images.test)} of ${count(data.test)} test images.`]
			: []),
		...(epochs < lastEpochs
			? [
					`${name}: trained for ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, fewer than the ${lastEpochs} that measures use.`,
				]
			: []),
	];
};

/** Lists the settings that differ, from one group to another. */
export const differs = (before: RunGroup, after: RunGroup): string => {
	const {settings, layers} = changesBetween(before.experiment, after.experiment);
	const changes = [
		...settings.map(({setting, before, after}) => `${setting} ${before} -> ${after}`),
		...(layers.length > 0 ? ['other layers'] : []),
	];
	return changes.length > 0 ? changes.join('; ') : 'no setting differs';
};
