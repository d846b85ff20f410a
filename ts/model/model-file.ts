import {existsSync} from 'node:fs';
import path from 'node:path';
import {checkPreparation, type Preparation} from '../data/decode/preparation.js';
import {ModelError} from '../errors/index.js';
import {fileType} from '../fs/file-type.js';

/**
 * Returns the model file of a run's folder; any other path is that of a file itself.
 *
 * @throws {ModelError} where there is none
 */
export const modelFileIn = (place: string): string => {
	const found = fileType(place);
	if (found !== 'a folder') {
		if (found === 'nothing' || found === 'a link to nowhere') {
			const reason = 'there is no such file or run folder';
			throw new ModelError(`${place}: ${reason}`, place, reason);
		}

		return place;
	}

	const file = path.join(place, 'model.safetensors');
	if (!existsSync(file)) {
		const reason = existsSync(path.join(place, 'config.json'))
			? 'the run has not finished, so it has no model yet'
			: existsSync(path.join(place, 'record.json'))
				? `it is a record, which keeps no weights: name one of its seeds, as in \`${place}:1\``
				: 'it is not a run folder: it has no model.safetensors';
		throw new ModelError(`${place}: ${reason}`, place, reason);
	}

	return file;
};

/** Returns a name for each class; the number of one that has none. */
export const classNamesOf = (names: readonly string[], count: number): string[] =>
	Array.from({length: count}, (_, label) => names[label] ?? String(label));

/**
 * Parses a model file's preparation of images.
 *
 * @throws {ModelError} for a preparation that this version can't read
 */
export const preparationOf = (json: string | null | undefined, place: string): Preparation | undefined => {
	try {
		const preparation = typeof json === 'string' ? JSON.parse(json) : undefined;
		checkPreparation(preparation);
		return preparation;
	} catch (error) {
		const reason = `its image preparation can’t be read (${(error as Error).message})`;
		throw new ModelError(`${place}: ${reason}`, place, reason);
	}
};
