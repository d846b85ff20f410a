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

/** Corrects every checksum, and rewrites the ledger to fit: a forger who leaves no trace in the ladder’s folder. */
export const resealWithLedger = (ladder: string): void => {
	reseal(ladder);
	const sweeps = path.join(ladder, 'records', 'sweeps');
	for (const name of existsSync(sweeps) ? readdirSync(sweeps) : []) {
		resealSweep(path.join(sweeps, name));
	}

	rewriteLedger(ladder);
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

/**
 * Rewrites the whole ledger of a ladder so that it fits its records, as a forger would: the last preregistration and the last record
 * of each step, and each sweep, get the lines that would have been written for them as they are now, and all hashes follow.
 */
const rewriteLedger = (ladder: string): void => {
	const file = path.join(ladder, 'records', 'ledger.jsonl');
	const texts = readFileSync(file, 'utf8').trimEnd().split('\n');
	const lines: Array<Record<string, unknown>> = texts.map(text => JSON.parse(text));
	const moved = new Map<unknown, unknown>(); // hashes of lines and of preregistrations, before and now
	let previous: string | null = null;
	const written = lines.map(({previous: _, ...line}, index) => {
		const isLast = !lines.slice(index + 1).some(({event, step}) => event === line['event'] && step === line['step']);
		const folder = readdirSync(path.join(ladder, 'records')).find(name => name.replace(/^\d+-/, '') === line['step']);
		const fits =
			typeof line['sweep'] === 'string'
				? fittingSweep(path.join(ladder, 'records', 'sweeps', line['sweep']), line)
				: isLast && folder !== undefined
					? fitting(path.join(ladder, 'records', folder), line, moved)
					: {};
		const hashes = Object.entries(line).map(([key, value]) => [key, moved.get(value) ?? value]);
		const text: string = JSON.stringify({...Object.fromEntries(hashes), ...fits, previous});
		previous = sha256(text);
		moved.set(sha256(texts[index] ?? ''), previous);
		if ('promise' in fits) {
			moved.set(line['promise'], fits['promise']);
		}

		return text;
	});
	writeFileSync(file, `${written.join('\n')}\n`);
};

/** Moves the head of the ledger in a preregistration or record to where it is now, and returns what its line has to say. */
const fitting = (
	folder: string,
	{event}: Record<string, unknown>,
	moved: ReadonlyMap<unknown, unknown>,
): Record<string, unknown> => {
	const read = (name: string): string =>
		existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name), 'utf8') : '';
	if (event === 'promised') {
		const promise = JSON.parse(read('promise.json'));
		const made = {...promise.made, ledger: moved.get(promise.made.ledger) ?? promise.made.ledger};
		writeFileSync(path.join(folder, 'promise.json'), pretty({...promise, made}));
		resealRecord(folder);
		const {experiment, data, seeds} = promise;
		return {promise: sha256(read('promise.json')), experiment: sha256(sorted(experiment)), data: data.hash, seeds};
	}

	if (event === 'recorded') {
		const record = JSON.parse(read('record.json'));
		writeFileSync(
			path.join(folder, 'record.json'),
			pretty({
				...record,
				ledger: moved.get(record.ledger) ?? record.ledger,
				...(record.added && {
					added: record.added.map(({seeds, line}: {seeds: number[]; line: string}) => ({
						...{seeds, line: moved.get(line) ?? line},
					})),
				}),
			}),
		);
		resealRecord(folder);
		const names = ['record.json', 'epochs.csv', 'predictions.jsonl', 'classes.jsonl'];
		return {record: sha256(names.map(read).join('\n'))};
	}

	return {};
};

/** Returns what the lines of a sweep have to say of its record. */
const fittingSweep = (folder: string, {event}: Record<string, unknown>): Record<string, unknown> => {
	const [sweep = '', epochs] = ['sweep.json', 'epochs.csv'].map(name => readFileSync(path.join(folder, name), 'utf8'));
	const {plan} = JSON.parse(sweep);
	return {
		plan: sha256(sorted(plan)),
		...(event === 'sweeping' ? {step: plan.step} : {record: sha256(`${sweep}\n${epochs}`)}),
	};
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
