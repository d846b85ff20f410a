import path from 'node:path';
import {LadderError} from '../errors/index.js';
import {readTextFile} from '../fs/read-text-file.js';
import {commandHint} from '../platform/command-hint.js';
import {checkFolder} from '../validation/check-path.js';
import {ladderFiles} from './files.js';

/**
 * Finds the ladder that a folder belongs to: the one whose `ladder.ts` is in it or above it; else the one named by the nearest
 * `package.json` with `"stepladder": {"ladder": "FOLDER"}`.
 *
 * @returns the ladder's folder
 * @throws {LadderError} if there is none, or more than one
 */
export const findLadder = (start: string): string => {
	checkFolder('folder', start);
	const above = foldersAbove(path.resolve(start));
	const [nearest, other] = above.filter(folder => ladderFiles(folder).length > 0);
	if (nearest !== undefined && other !== undefined) {
		throw new LadderError(
			`there is a ladder in ${nearest} and another around it in ${other}: choose one with \`--ladder DIR\``,
			nearest,
		);
	}

	const ladder = nearest ?? above.map(folder => ladderOfPackage(folder)).find(folder => folder !== undefined);
	if (ladder === undefined) {
		throw new LadderError(
			`there is no ladder.ts in ${path.resolve(start)} or above it: make one with \`${commandHint('init')}\`, or point to one with \`--ladder DIR\``,
			path.resolve(start),
		);
	}

	return ladder;
};

/**
 * Returns the folder of a ladder's runs, wherever a command is started: `runs` beside the `package.json` that names the ladder,
 * else in the ladder's own folder.
 *
 * @param ladder the ladder's folder
 */
export const runsFolder = (ladder: string): string => {
	const own = path.resolve(ladder);
	return path.join(foldersAbove(own).find(folder => ladderOfPackage(folder) === own) ?? own, 'runs');
};

/** Returns the folder of the nearest ladder that has a file or folder; `undefined` if none has. */
export const nearestLadder = (place: string): string | undefined =>
	foldersAbove(path.resolve(place)).find(folder => ladderFiles(folder).length > 0);

/** Returns a folder and those above it, nearest first. */
const foldersAbove = (folder: string): string[] => {
	const parent = path.dirname(folder);
	return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
};

/** Returns the ladder that a folder's `package.json` names; `undefined` without one. */
const ladderOfPackage = (folder: string): string | undefined => {
	try {
		const {stepladder} = JSON.parse(readTextFile(path.join(folder, 'package.json')));
		return typeof stepladder?.ladder === 'string' ? path.resolve(folder, stepladder.ladder) : undefined;
	} catch {
		return undefined; // no package.json, or a damaged one
	}
};
