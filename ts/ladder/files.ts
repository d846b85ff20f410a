import path from 'node:path';
import {LadderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {fileType} from '../fs/file-type.js';
import {listFolder} from '../fs/list-folder.js';

/** What a ladder's own files may end in. */
export const endings = ['ts', 'mts', 'js', 'mjs'] as const;

/** A step's file: `7-more-dropout.ts`. */
const stepFile = new RegExp(`^(?<position>\\d+)-(?<name>.+)\\.(?:${endings.join('|')})$`);

/** A file of a step, by its name. */
export type StepFile = {
	readonly file: string;
	/** 0 for the first. */
	readonly position: number;
	/** As typed after `--step`. */
	readonly name: string;
};

/**
 * The step files of a ladder's folder, in the order of their numbers.
 *
 * @throws {LadderError} where `steps` is there and is no folder
 * @throws {DataError} where it can't be listed
 */
export const stepFiles = (folder: string): StepFile[] => {
	const steps = path.join(folder, 'steps');
	const kind = fileType(steps);
	if (kind !== 'a folder' && kind !== 'nothing') {
		throw new LadderError(`${displayPath(steps)}: expected a folder of steps, found ${kind}`, steps);
	}

	const names = listFolder(steps);
	const found = names.flatMap(file => {
		const {position, name} = stepFile.exec(file)?.groups ?? {};
		const isType = /\.d\.m?ts$/.test(file);
		return position && name && !isType ? [{file: path.join(steps, file), name, position: Number(position)}] : [];
	});
	return found.toSorted((a, b) => a.position - b.position || (a.name < b.name ? -1 : 1));
};

/** The `ladder.ts` of a folder, or its like in JavaScript; several where there are several. */
export const ladderFiles = (folder: string): string[] =>
	endings.map(ending => path.join(folder, `ladder.${ending}`)).filter(file => fileType(file) !== 'nothing'); // a link to nowhere is told, not passed over
