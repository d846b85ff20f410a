import path from 'node:path';
import {LadderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {fileType} from '../fs/file-type.js';
import {listFolder} from '../fs/list-folder.js';

/** The extensions of a ladder's files. */
export const endings = ['ts', 'mts', 'js', 'mjs'] as const;

/** A step's file: `7-more-dropout.ts`. */
const stepFile = new RegExp(`^(?<position>\\d+)-(?<name>.+)\\.(?:${endings.join('|')})$`);

/** The file of a step. */
export type StepFile = {
	readonly file: string;
	/** 0 for the first. */
	readonly position: number;
	/** As typed after `--step`. */
	readonly name: string;
};

/**
 * Lists the step files of a ladder's folder, by number.
 *
 * @throws {LadderError} if `steps` exists and is not a folder
 * @throws {DataError} if it can't be listed
 */
export const stepFiles = (folder: string): StepFile[] => {
	const steps = path.join(folder, 'steps');
	const type = fileType(steps);
	if (type !== 'a folder' && type !== 'nothing') {
		throw new LadderError(`${displayPath(steps)}: expected a folder of steps, found ${type}`, steps);
	}

	const names = listFolder(steps);
	const found = names.flatMap(file => {
		const {position, name} = stepFile.exec(file)?.groups ?? {};
		const isDeclaration = /\.d\.m?ts$/.test(file);
		return position && name && !isDeclaration ? [{file: path.join(steps, file), name, position: Number(position)}] : [];
	});
	return found.toSorted((a, b) => a.position - b.position || (a.name < b.name ? -1 : 1));
};

/** Lists the `ladder.ts` of a folder, or those with other extensions. Includes a broken link, which is reported when opened. */
export const ladderFiles = (folder: string): string[] =>
	endings.map(ending => path.join(folder, `ladder.${ending}`)).filter(file => fileType(file) !== 'nothing');
