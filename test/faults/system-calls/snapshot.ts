import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {parseLedger} from '../../../ts/ledger/ledger.js';

/** The contents of each file of a folder, by its path, without times. */
export type Snapshot = ReadonlyMap<string, string>;

/** Returns every file under a folder. Links are not followed: `runs/latest` leads to files that are listed anyway. */
export const filesIn = (folder: string): readonly string[] =>
	readdirSync(folder, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile() && entry.name !== 'verified.json') // changes whenever libtorch is verified
		.map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)))
		.sort();

/** Names of values that depend on times or the process, and of hashes over these. */
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

/** Returns a text without times, days, hashes and durations. */
export const withoutTimes = (text: string): string =>
	text
		.replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d[-:]\d\d([-:]\d\d)?(\.\d+)?Z?/g, 'TIME')
		.replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')
		.replaceAll(/\b[\da-f]{64}\b/g, 'HASH')
		.replaceAll(/images-[\da-f]{32}/g, 'images-KEY')
		.replaceAll(/Ledger:\s+[\da-f]{12}/g, 'Ledger: HASH')
		.replaceAll(/\b\d+(\.\d+)? (s|seconds?|ms|images\/s)\b/g, 'WHILE');

/** Returns a table without the columns that depend on times. */
const timelessTable = (text: string): string => {
	const [head = [], ...rows] = text.split('\n').map(line => line.split(','));
	return [head, ...rows]
		.map(row => row.filter((_, column) => !ofTheMoment.has(head[column] ?? '')).join(','))
		.join('\n');
};

const contentOf = (file: string, bytes: Buffer): string => {
	if (path.basename(file) === 'begun.txt') {
		return ''; // a hash over the time
	}

	try {
		if (path.basename(file) === 'ledger.jsonl') {
			parseLedger(bytes.toString(), file);
			return ''; // it has a line for each command before, which is no fault
		}

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

/** Returns a path without the time in the name of a run or of decoded images. */
const placeOf = (file: string): string =>
	file.replace(/images-[\da-f]{32}/, 'images-KEY').replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-s(\d+)(-\d+)?/, 'RUN-s$1');

export const snapshot = (folder: string): Snapshot =>
	new Map(filesIn(folder).map(file => [file, contentOf(file, readFileSync(path.join(folder, file)))]));

/** Returns a snapshot by paths that two runs share; a file that exists twice must be the same twice. */
export const byPlace = (files: Snapshot): ReadonlyMap<string, ReadonlySet<string>> => {
	const places = new Map<string, Set<string>>();
	for (const [file, text] of files) {
		const place = placeOf(file);
		places.set(place, (places.get(place) ?? new Set()).add(text));
	}

	return places;
};

/** Returns the first difference of two texts, with a little of both. */
export const firstDifference = (text: string, right: string): string => {
	const at = [...text].findIndex((character, index) => character !== right[index]);
	const from = Math.max(0, (at === -1 ? text.length : at) - 20);
	return `…${text.slice(from, from + 60)}… in place of …${right.slice(from, from + 60)}…`;
};
