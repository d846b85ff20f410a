import {readFileSync} from 'node:fs';
import type {z} from 'zod';
import {RecordError} from '../errors/index.js';
import {packageVersion} from '../platform/package-root.js';
import {validate} from '../validation/validate.js';
import {fileType} from './file-type.js';

/**
 * Reads a file of a record.
 *
 * @throws {RecordError}
 */
export const readRecordText = (file: string): string =>
	asRecordError(file, () => {
		checkFile(file);
		return readFileSync(file, 'utf8').replaceAll('\r\n', '\n'); // as git may check it out on Windows
	});

/** @throws {RecordError} if it is missing, or no file */
export const checkFile = (file: string): void => {
	const found = fileType(file);
	if (found !== 'a file') {
		throw new RecordError(file, found === 'nothing' ? 'it is missing' : `it should be a file, it is ${found}`);
	}
};

/**
 * Parses JSON of a known shape. Files of format 1 do not name it, so that existing ones keep their hashes; later ones have a
 * `format`. test/samples keeps files of each.
 *
 * @param whole the value's name in a sentence
 * @param known the latest format of such a file
 * @throws {RecordError} for a later format, or else for the first error
 */
export const parseRecordJson = <Value>(
	shape: z.ZodType<Value>,
	file: string,
	text: string,
	whole: string,
	known = 1,
): Value => {
	const value: unknown = asRecordError(file, () => JSON.parse(text), 'it is not JSON: ');
	const {format} = (value ?? {}) as {readonly format?: unknown};
	if (typeof format === 'number' && format > known) {
		throw new RecordError(
			file,
			`it is of format ${format}, and Stepladder ${packageVersion()} reads ${known === 1 ? 'format 1' : `formats 1 to ${known}`}: use a newer version`,
		);
	}

	return asRecordError(file, () => validate(shape, value, whole));
};

/**
 * Checks a file against the text that its contents are written as, and names the first line that differs.
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

/** Does work, and turns its errors into a {@link RecordError}. */
export const asRecordError = <Value>(file: string, work: () => Value, lead = ''): Value => {
	try {
		return work();
	} catch (error) {
		if (error instanceof RecordError) {
			throw error;
		}

		throw new RecordError(file, `${lead}${error instanceof Error ? error.message : String(error)}`, {cause: error});
	}
};
