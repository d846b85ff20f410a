import {readFileSync} from 'node:fs';
import type {z} from 'zod';
import {RecordError} from '../errors/index.js';
import {notAFile} from '../machine/not-a-file.js';
import {judged} from '../terms/judged.js';

/** @throws {RecordError} where a file can't be read */
export const readText = (file: string): string =>
	asRecordError(file, () => {
		const other = notAFile(file);
		if (other !== undefined) {
			throw new RecordError(file, other === 'nothing' ? 'it is not there' : `it should be a file, it is ${other}`);
		}

		return readFileSync(file, 'utf8').replaceAll('\r\n', '\n'); // as git may check it out on Windows
	});

/**
 * Reads JSON of a known shape.
 *
 * @throws {RecordError} for the first thing wrong
 */
export const parse = <Value>(shape: z.ZodType<Value>, place: string, text: string, whole: string): Value =>
	asRecordError(place, () =>
		judged(
			shape,
			asRecordError(place, () => JSON.parse(text), 'it is no JSON: '),
			whole,
		),
	);

/**
 * Holds a file against the text that its contents are written as: whatever stands there beside them is named.
 *
 * @throws {RecordError}
 */
export const checkWritten = (file: string, text: string, wanted: string): void => {
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
