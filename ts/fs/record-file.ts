import {readFileSync} from 'node:fs';
import type {z} from 'zod';
import {RecordError} from '../errors/index.js';
import {packageVersion} from '../platform/package-root.js';
import {validate} from '../validation/validate.js';
import {fileType} from './file-type.js';

/** @throws {RecordError} where a file can't be read */
export const readRecordText = (file: string): string =>
	asRecordError(file, () => {
		checkFile(file);
		return readFileSync(file, 'utf8').replaceAll('\r\n', '\n'); // as git may check it out on Windows
	});

/** @throws {RecordError} where there is no file */
export const checkFile = (file: string): void => {
	const found = fileType(file);
	if (found !== 'a file') {
		throw new RecordError(file, found === 'nothing' ? 'it is not there' : `it should be a file, it is ${found}`);
	}
};

/**
 * The format of promises, records and sweeps that is written and read. Files of format 1 do not name it, so that those
 * there are keep their hashes; later ones name theirs as `format`. test/samples keeps files of each.
 */
const known = 1;

/**
 * Reads JSON of a known shape.
 *
 * @throws {RecordError} where it is of a later format, or for the first thing wrong
 */
export const parseRecordJson = <Value>(shape: z.ZodType<Value>, place: string, text: string, whole: string): Value => {
	const value: unknown = asRecordError(place, () => JSON.parse(text), 'it is not JSON: ');
	const {format} = (value ?? {}) as {readonly format?: unknown};
	if (typeof format === 'number' && format > known) {
		throw new RecordError(
			place,
			`it is of format ${format}, and Stepladder ${packageVersion()} reads format ${known}: take a newer version`,
		);
	}

	return asRecordError(place, () => validate(shape, value, whole));
};

/**
 * Holds a file against the text that its contents are written as: whatever stands there beside them is named.
 *
 * @throws {RecordError}
 */
export const checkCanonicalText = (file: string, text: string, wanted: string): void => {
	if (text !== wanted) {
		const lines = wanted.split('\n');
		const line = text.split('\n').findIndex((found, index) => found !== lines[index]);
		throw new RecordError(file, `line ${line + 1} is not as \`record\` writes it`);
	}
};

/** Runs something whose failures are the record's. */
export const asRecordError = <Value>(place: string, work: () => Value, lead = ''): Value => {
	try {
		return work();
	} catch (error) {
		if (error instanceof RecordError) {
			throw error;
		}

		throw new RecordError(place, `${lead}${error instanceof Error ? error.message : String(error)}`, {cause: error});
	}
};
