import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** Corrects every checksum of a ladder's records after an edit, as a forger would. */
export const reseal = (ladder: string): void => {
	for (const name of readdirSync(path.join(ladder, 'records'))) {
		const folder = path.join(ladder, 'records', name);
		if (existsSync(path.join(folder, 'record.json'))) {
			resealRecord(folder);
		}
	}
};

const resealRecord = (folder: string): void => {
	const file = (name: string): string => path.join(folder, name);
	const rewrite = (name: string, work: (text: string) => string): void => {
		if (existsSync(file(name))) {
			writeFileSync(file(name), work(readFileSync(file(name), 'utf8')));
		}
	};

	rewrite('promise.json', text => {
		const {checksum: _, ...promise} = JSON.parse(text);
		return pretty({...promise, checksum: checksum(JSON.stringify(promise, undefined, '\t'))});
	});
	rewrite('record.json', text => {
		const promise = existsSync(file('promise.json')) ? readFileSync(file('promise.json'), 'utf8') : '';
		return sealedParts({...JSON.parse(text), promise: sha256(promise)});
	});
	rewrite('epochs.csv', sealedRows);
	rewrite('predictions.jsonl', sealedLines);
	rewrite('classes.jsonl', sealedLines);
};

const sealedLines = (text: string): string => {
	const lines = text.trimEnd().split('\n');
	const sealed = lines.map(line => {
		const {checksum: _, ...entry} = JSON.parse(line);
		return JSON.stringify({...entry, checksum: checksum(sorted(entry))});
	});
	return `${sealed.join('\n')}\n`;
};

/** Corrects the checksums of a sweep. */
export const resealSweep = (folder: string): void => {
	for (const [name, sealed] of [
		['sweep.json', (text: string) => sealedParts(JSON.parse(text))],
		['epochs.csv', sealedRows],
	] as const) {
		const file = path.join(folder, name);
		writeFileSync(file, sealed(readFileSync(file, 'utf8')));
	}
};

/** Corrects the hashes of a finished run. */
export const resealRun = (folder: string): void => {
	const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
	writeFileSync(path.join(folder, 'config.json'), sealedConfig(read('config.json')));
	const {hash: _, ...result} = JSON.parse(read('result.json'));
	const hashes = Object.fromEntries(Object.keys(result.hashes).map(name => [name, sha256(read(name))]));
	const sealed = {...result, hashes};
	writeFileSync(path.join(folder, 'result.json'), pretty({...sealed, hash: sha256(JSON.stringify(sealed))}));
};

/** Returns the text of a run's `config.json` with a correct hash. */
export const sealedConfig = (text: string): string => {
	const {hash: _, ...config} = JSON.parse(text);
	return pretty({...config, hash: sha256(JSON.stringify(config))});
};

const sealedParts = ({checksums: _, ...parts}: Record<string, unknown>): string => {
	const sums = Object.entries(parts).map(([key, value]) => [key, checksum(sorted(value))]);
	return pretty({...parts, checksums: Object.fromEntries(sums)});
};

const sealedRows = (text: string): string => {
	const [head, ...rows] = text.trimEnd().split('\n');
	const sealed = rows.map(row => row.replace(/,[^,]*$/, '')).map(row => `${row},${checksum(row)}`);
	return `${[head, ...sealed].join('\n')}\n`;
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const checksum = (text: string): string => sha256(text).slice(0, 10);
const pretty = (value: unknown): string => `${JSON.stringify(value, undefined, '\t')}\n`;
const sorted = (value: unknown): string =>
	JSON.stringify(value, (_, entry: unknown) =>
		typeof entry === 'object' && entry !== null && !Array.isArray(entry)
			? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
			: entry,
	);
