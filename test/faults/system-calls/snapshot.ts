import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

/** Each file of a folder, by its path: what it says, without the times at which it was said. */
export type Snapshot = ReadonlyMap<string, string>;

/** Every file under a folder. Links are not followed: `runs/latest` is a name for what is there anyway. */
export const filesIn = (folder: string): readonly string[] =>
	readdirSync(folder, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile() && entry.name !== 'verified.json') // what was read since, so that it is not read again
		.map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)))
		.sort();

/** Names and values that tell when, how long and by which process; and hashes over these. */
const ofTheMoment = new Set(['seconds', 'begun', 'time', 'hash', 'hashes', 'checksum', 'checksums', 'purpose', 'id']);

const timeless = (value: unknown): unknown => {
	if (Array.isArray(value)) {
		return value.map(timeless);
	}

	return value !== null && typeof value === 'object'
		? Object.fromEntries(
				Object.entries(value)
					.filter(([key]) => !ofTheMoment.has(key))
					.map(([key, inner]) => [key, timeless(inner)]),
			)
		: value;
};

/** A text without the times, days and hashes in it, and without how long things took. */
export const withoutTimes = (text: string): string =>
	text
		.replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d[-:]\d\d([-:]\d\d)?(\.\d+)?Z?/g, 'TIME')
		.replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')
		.replaceAll(/\b[\da-f]{64}\b/g, 'HASH')
		.replaceAll(/images-[\da-f]{32}/g, 'images-KEY')
		.replaceAll(/\b\d+(\.\d+)? (s|seconds?|ms|images\/s)\b/g, 'WHILE');

/** A table without the columns that the moment decides. */
const timelessTable = (text: string): string => {
	const [head = [], ...rows] = text.split('\n').map(line => line.split(','));
	return [head, ...rows]
		.map(row => row.filter((_, column) => !ofTheMoment.has(head[column] ?? '')).join(','))
		.join('\n');
};

const said = (file: string, bytes: Buffer): string => {
	if (path.basename(file) === 'begun.txt') {
		return ''; // a hash over the time
	}

	try {
		switch (path.extname(file)) {
			case '.json':
				return withoutTimes(JSON.stringify(timeless(JSON.parse(bytes.toString()))));
			case '.jsonl':
				return bytes
					.toString()
					.split('\n')
					.map(line => (line === '' ? '' : JSON.stringify(timeless(JSON.parse(line)))))
					.join('\n');
			case '.csv':
				return timelessTable(bytes.toString());
			case '.ts':
			case '.md':
			case '.html':
			case '.svg':
				return withoutTimes(bytes.toString());
			default:
				return createHash('sha256').update(bytes).digest('hex');
		}
	} catch (error) {
		return `unreadable (${error instanceof Error ? error.message : String(error)})`;
	}
};

/** A run's folder is called by its second, decoded images by when their files were written; here both are the same. */
const placeOf = (file: string): string =>
	file.replace(/images-[\da-f]{32}/, 'images-KEY').replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-s(\d+)(-\d+)?/, 'RUN-s$1');

export const snapshot = (folder: string): Snapshot =>
	new Map(filesIn(folder).map(file => [file, said(file, readFileSync(path.join(folder, file)))]));

/** A snapshot by the places, which two runs share; a file that is there twice must be the same twice. */
export const byPlace = (files: Snapshot): ReadonlyMap<string, ReadonlySet<string>> => {
	const places = new Map<string, Set<string>>();
	for (const [file, text] of files) {
		const place = placeOf(file);
		places.set(place, (places.get(place) ?? new Set()).add(text));
	}

	return places;
};

/** Where two texts part, with a little of both. */
export const firstDifference = (text: string, right: string): string => {
	const at = [...text].findIndex((character, index) => character !== right[index]);
	const from = Math.max(0, (at === -1 ? text.length : at) - 20);
	return `…${text.slice(from, from + 60)}… in place of …${right.slice(from, from + 60)}…`;
};
