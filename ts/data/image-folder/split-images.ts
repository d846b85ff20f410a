import path from 'node:path';
import {ConfigError} from '../../errors/index.js';
import {formatValue} from '../../format/value.js';
import {sha256} from '../../fs/hash.js';
import {checkNames} from '../../validation/check-names.js';
import type {ImageFile} from './list-images.js';

/** How a folder without sets is split. */
export type Split = {
	/**
	 * The share of each class that becomes test images.
	 *
	 * @range number above 0 and below 1
	 * @unit fraction
	 */
	readonly test: number;
	/**
	 * The share of each class that becomes validation images, less than `test` leaves.
	 *
	 * @range number above 0 and below 1
	 * @unit fraction
	 * @default none
	 */
	readonly validation?: number;
	/**
	 * The seed of the draw: another one draws other images.
	 *
	 * @range whole number
	 * @unit seed
	 * @default 1
	 */
	readonly seed?: number;
};

/** The files of a source, by the set that each was drawn for. */
type Sets<File> = {readonly train: File[]; readonly validation: File[]; readonly test: File[]};

/**
 * Draws test images and then validation images class by class, the same ones whatever the order of the files. Images of one
 * group stay together, in all classes.
 *
 * @param group finds the group in a file's name, as its first capture or as the whole match; a file without a match is a
 * group of its own
 */
export const splitImages = <File extends ImageFile>(
	files: readonly File[],
	{test, validation = 0, seed = 1}: Split,
	group?: RegExp,
): Sets<File> => {
	const groups = new Map<string, File[]>();
	const counts = new Map<number, number>();
	for (const file of files) {
		const name = groupOf(file.file, group);
		const members = groups.get(name) ?? [];
		members.push(file);
		groups.set(name, members);
		counts.set(file.label, (counts.get(file.label) ?? 0) + 1);
	}

	const ranked = [...groups].map(([name, members]) => ({members, rank: sha256(`${seed} ${name}`)}));
	ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
	const left = new Map(counts);
	const chosen = new Map<File, 'validation' | 'test'>();
	const draw = (set: 'validation' | 'test', share: number): void => {
		const wanted = new Map([...counts].map(([label, count]) => [label, Math.max(1, Math.round(share * count))]));
		for (const {members} of ranked) {
			const sizes = new Map<number, number>();
			for (const {label} of members) {
				sizes.set(label, (sizes.get(label) ?? 0) + 1);
			}

			const isFree = members[0] !== undefined && !chosen.has(members[0]);
			const isWanted = [...sizes.keys()].some(label => (wanted.get(label) ?? 0) > 0);
			if (
				isFree &&
				isWanted &&
				[...sizes].every(([label, size]) => (left.get(label) ?? 0) - size >= leastToLearnFrom)
			) {
				for (const file of members) {
					chosen.set(file, set);
				}

				for (const [label, size] of sizes) {
					left.set(label, (left.get(label) ?? 0) - size);
					wanted.set(label, (wanted.get(label) ?? 0) - size);
				}
			}
		}
	};
	draw('test', test);
	if (validation > 0) {
		draw('validation', validation);
	}

	const filesOf = (set: 'validation' | 'test' | undefined): File[] => files.filter(file => chosen.get(file) === set);
	return {train: filesOf(undefined), validation: filesOf('validation'), test: filesOf('test')};
};

/** Images of a class that are never drawn for a set. */
const leastToLearnFrom = 2;

const groupOf = (file: string, group: RegExp | undefined): string => {
	const found = group?.exec(path.basename(file));
	return found ? `group ${found[1] ?? found[0]}` : file;
};

const known = ['test', 'validation', 'seed'] as const satisfies ReadonlyArray<keyof Split>;

/** @throws {ConfigError} for a split or a group that can't be drawn by */
export const checkSplit = (split: unknown, group: unknown): void => {
	if (group !== undefined && !(group instanceof RegExp)) {
		throw new ConfigError('group', 'a regular expression such as `/^(\\w+)_/`', formatValue(group));
	}

	if (split === undefined) {
		if (group !== undefined) {
			throw new ConfigError('group', 'left out, or beside `split`, which it guides', formatValue(group));
		}

		return;
	}

	const {test, validation, seed = 1} = (split ?? {}) as Record<string, unknown>;
	checkNames((split ?? {}) as object, known, 'split');
	if (!isShare(test)) {
		throw new ConfigError('split.test', 'a share above 0 and below 1', formatValue(test));
	}

	if (validation !== undefined && !(isShare(validation) && test + validation < 1)) {
		const expected = `a share above 0 that leaves some to train on beside \`test: ${test}\``;
		throw new ConfigError('split.validation', expected, formatValue(validation));
	}

	if (!Number.isSafeInteger(seed)) {
		throw new ConfigError('split.seed', 'a whole number', formatValue(seed));
	}
};

const isShare = (value: unknown): value is number => typeof value === 'number' && value > 0 && value < 1;
