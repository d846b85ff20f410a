import path from 'node:path';
import {ConfigError} from '../../errors/index.js';
import {formatValue} from '../../format/value.js';
import {sha256} from '../../fs/hash.js';
import {checkNames} from '../../validation/check-names.js';
import type {ImageFile} from './list-images.js';

/** How a folder without sets is split. */
export type Split = {
	/** The share of each class that becomes test images, in `(0, 1)`. */
	readonly test: number;
	/**
	 * Another seed draws other test images.
	 *
	 * @default 1
	 */
	readonly seed?: number;
};

/**
 * Draws test images class by class, the same ones whatever the order of the files. Images of one group stay together, in
 * all classes.
 *
 * @param group finds the group in a file's name, as its first capture or as the whole match; a file without a match is a
 * group of its own
 */
export const splitImages = <File extends ImageFile>(
	files: readonly File[],
	{test, seed = 1}: Split,
	group?: RegExp,
): {readonly train: File[]; readonly test: File[]} => {
	const groups = new Map<string, File[]>();
	const [counts, drawn] = [new Map<number, number>(), new Map<number, number>()];
	for (const file of files) {
		const name = groupOf(file.file, group);
		groups.set(name, [...(groups.get(name) ?? []), file]);
		counts.set(file.label, (counts.get(file.label) ?? 0) + 1);
	}

	const countOf = (label: number): number => counts.get(label) ?? 0;
	const drawnOf = (label: number): number => drawn.get(label) ?? 0;
	const wanted = (label: number): number => Math.max(1, Math.round(test * countOf(label)));
	const ranked = [...groups].map(([name, members]) => ({members, rank: sha256(`${seed} ${name}`)}));
	ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
	const chosen = new Set<File>();
	for (const {members} of ranked) {
		const labels = members.map(({label}) => label);
		const sizeOf = (label: number): number => labels.filter(other => other === label).length;
		const isWanted = labels.some(label => drawnOf(label) < wanted(label));
		if (isWanted && labels.every(label => countOf(label) - drawnOf(label) - sizeOf(label) >= leastToLearnFrom)) {
			for (const file of members) {
				chosen.add(file);
				drawn.set(file.label, drawnOf(file.label) + 1);
			}
		}
	}

	return {train: files.filter(file => !chosen.has(file)), test: files.filter(file => chosen.has(file))};
};

/** Images of a class that are never drawn for testing. */
const leastToLearnFrom = 2;

const groupOf = (file: string, group: RegExp | undefined): string => {
	const found = group?.exec(path.basename(file));
	return found ? `group ${found[1] ?? found[0]}` : file;
};

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

	const {test, seed = 1} = (split ?? {}) as Record<string, unknown>;
	checkNames((split ?? {}) as object, ['test', 'seed'], 'split');
	if (!(typeof test === 'number' && test > 0 && test < 1)) {
		throw new ConfigError('split.test', 'a share above 0 and below 1', formatValue(test));
	}

	if (!Number.isSafeInteger(seed)) {
		throw new ConfigError('split.seed', 'a whole number', formatValue(seed));
	}
};
