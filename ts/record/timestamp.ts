import {randomBytes} from 'node:crypto';
import {existsSync, rmSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import type {Preregistration} from '../claims/preregistration.js';
import type {StepRecord} from '../claims/step-record.js';
import {ConfigError, FetchError, RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatValue} from '../format/value.js';
import {asRecordError, checkCanonicalText, parseRecordJson, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {removePartialFiles, writeFileAtomic} from '../fs/write-file-atomic.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {abortedBy} from '../platform/abort.js';
import {shapes} from '../validation/validate.js';
import type {LadderRecords} from './ladder-records.js';
import {preregistrationHash} from './preregistration-file.js';
import type {TimestampToken} from './timestamp-token.js';

/** Returns the file of a step's timestamp, in the folder of its record. */
export const timestampFile = (folder: string): string => path.join(folder, 'timestamp.json');

/** A timestamp of a preregistration, as its file has it. */
type Timestamp = TimestampToken & {
	/** The preregistration's hash. */
	readonly promise: string;
	readonly url: string;
	/** As RFC 3161 says, in Base64, with the certificates of the authority. */
	readonly token: string;
};

const schema = z.strictObject({
	format: z.literal(1),
	...{promise: shapes.sha256, url: shapes.text, time: shapes.time, authority: shapes.text, certificate: shapes.sha256},
	token: z.custom<string>(value => typeof value === 'string' && /^[\w+/]+=*$/.test(value), 'a text in Base64'),
});

/** An answer takes some KB. */
const [longestAnswer, patience] = [1_000_000, 60_000];

/** @throws {ConfigError} for anything but the address of a timestamp authority */
export const checkTimestampUrl = (url: unknown): void => {
	const isUrl = typeof url === 'string' && URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
	if (!isUrl) {
		const expected = 'the address of a timestamp authority (RFC 3161), such as `https://timestamp.example.org`';
		throw new ConfigError('timestamp', expected, formatValue(url));
	}
};

/**
 * Gets a timestamp of a preregistration from an authority, and keeps it beside it, unless there is one.
 *
 * @throws {FetchError} if the authority can't be reached, or does not answer with a valid timestamp
 * @throws {WriteError}
 */
export const stampPreregistration = async (
	{record: folder}: StepEntry,
	preregistration: Preregistration,
	url: string,
	signal: AbortSignal,
): Promise<void> => {
	const promise = preregistrationHash(preregistration);
	const file = timestampFile(folder);
	if (existsSync(file) && readTimestamp(folder).promise === promise) {
		return;
	}

	const {readToken, timestampRequest, tokenOfAnswer} = await import('./timestamp-token.js');
	const [hash, nonce] = [Buffer.from(promise, 'hex'), randomBytes(8)];
	nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40; // a positive number without leading zeros
	const answer = await ask(url, timestampRequest(hash, nonce), signal);
	let stamped: Timestamp;
	try {
		const token = tokenOfAnswer(answer, nonce);
		stamped = {promise, url, ...readToken(token, hash), token: token.toString('base64')};
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new FetchError(`the answer of ${url} is no valid timestamp: ${reason}; choose another authority`, url, {
			cause: error,
		});
	}

	wrapWriteErrors(`the timestamp in ${folder}`, file, () => {
		removePartialFiles(folder, [path.basename(file)]);
		writeFileAtomic(file, asText(stamped));
	});
};

const ask = async (url: string, request: Buffer, signal: AbortSignal): Promise<Buffer> => {
	try {
		const response = await fetch(url, {
			...{method: 'POST', body: new Uint8Array(request), headers: {'content-type': 'application/timestamp-query'}},
			signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
		});
		if (!response.ok) {
			throw new Error(`status ${response.status}`);
		}

		const bytes = Buffer.from(await response.arrayBuffer());
		if (bytes.length > longestAnswer) {
			throw new Error(`${bytes.length} bytes`);
		}

		return bytes;
	} catch (error) {
		if (signal.aborted) {
			throw abortedBy(signal);
		}

		const {message, cause} = error as Error;
		const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
		throw new FetchError(
			`${url} gave no timestamp (${reason}): choose another authority, or leave \`timestamp\` out`,
			url,
			{
				cause: error,
			},
		);
	}
};

/** Removes the timestamp of an earlier preregistration. */
export const removeTimestamp = (folder: string): void => {
	const file = timestampFile(folder);
	wrapWriteErrors(`in ${folder}`, folder, () => rmSync(file, {force: true}));
};

const asText = (stamped: Timestamp): string => `${JSON.stringify({format: 1, ...stamped}, undefined, '\t')}\n`;

/**
 * Reads the timestamp of a step, without verifying it.
 *
 * @throws {RecordError}
 */
const readTimestamp = (folder: string): Timestamp => {
	const file = timestampFile(folder);
	const text = readRecordText(file);
	const {
		format: _,
		promise,
		url,
		time,
		authority,
		certificate,
		token,
	} = parseRecordJson(schema, file, text, 'timestamp');
	const stamped = {promise, url, time, authority, certificate, token};
	checkCanonicalText(file, text, asText(stamped));
	return stamped;
};

/**
 * Verifies the timestamps of recorded steps, offline: against the certificates that they have.
 *
 * @returns a sentence for each that is invalid
 */
export const checkTimestamps = async (records: LadderRecords, entries: readonly StepEntry[]): Promise<string[]> => {
	const stamped = entries.filter(({record}) => existsSync(timestampFile(record)));
	if (stamped.length === 0) {
		return [];
	}

	const {readToken} = await import('./timestamp-token.js');
	return stamped.flatMap(entry => {
		const file = timestampFile(entry.record);
		const record = records.has(entry) ? records.find(entry)?.record : undefined;
		try {
			const {promise, time, authority, certificate, token} = readTimestamp(entry.record);
			const found = asRecordError(file, () => readToken(Buffer.from(token, 'base64'), Buffer.from(promise, 'hex')));
			const isOwn = record === undefined || promise === preregistrationHash(record.preregistration);
			const isAlike = found.time === time && found.authority === authority && found.certificate === certificate;
			return isOwn && isAlike
				? []
				: [
						`${displayPath(file)}: ${isOwn ? 'it says something else than its token' : 'it is of another preregistration'}`,
					];
		} catch (error) {
			if (error instanceof RecordError) {
				return [`${displayPath(error.path)}: ${error.problem}`];
			}

			throw error;
		}
	});
};

/** Says which authority had a preregistration when, and whether before its first run; empty without a timestamp. */
export const timestampSentence = (folder: string, {seeds}: Pick<StepRecord, 'seeds'>): string => {
	if (!existsSync(timestampFile(folder))) {
		return '';
	}

	const {time, authority, certificate} = readTimestamp(folder);
	const begun = seeds.map(({begun}) => begun ?? '').toSorted()[0] ?? '';
	const when = Date.parse(time) <= Date.parse(begun) ? 'before the first run' : 'after the first run began';
	return ` Timestamped on ${time.slice(0, 16).replace('T', ' ')} UTC, ${when}, by ${authority} (certificate ${certificate.slice(0, 16)}).`;
};
