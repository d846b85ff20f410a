import {createHash, type Hash} from 'node:crypto';
import {createReadStream, existsSync} from 'node:fs';
import {open, rename, rm} from 'node:fs/promises';
import {wrapCacheErrors} from '../cache/cache.js';
import {AbortError, FetchError, StepladderError} from '../errors/index.js';
import {megabytes} from '../format/figures.js';
import type {FetchOptions} from './fetch-event.js';
import {networkReason, request, withoutCredentials} from './request.js';

/**
 * Fetches a file of a known hash. What has come so far is in `<file>.part`, and a next call goes on from there. The
 * hash is that of the whole, so a part needs no `If-Range`: one that belongs to something else is found at the end.
 *
 * @throws {FetchError}
 * @throws {WriteError}
 * @throws {AbortError}
 */
export const download = async (
	url: URL,
	file: string,
	{what, sha256, signal, tell}: FetchOptions & {what: string; sha256: string},
): Promise<void> => {
	const part = `${file}.part`;
	let hash = createHash('sha256');
	let done = await hashFile(part, hash);
	if (done === 0 || hash.copy().digest('hex') !== sha256) {
		const shownUrl = withoutCredentials(url);
		let response = await request(url, {headers: range(done), accepted: [416], signal});
		if (done > 0 && startOf(response) !== done) {
			// A server that knows no ranges begins anew, and so does this.
			await wrapCacheErrors(part, async () => rm(part, {force: true}));
			hash = createHash('sha256');
			done = 0;
			if (response.status !== 200) {
				await response.body?.cancel();
				response = await request(url, {headers: range(0), signal});
			}
		}

		const length = response.headers.get('content-length');
		const total = length === null ? undefined : done + Number(length);
		const brokeOff = (reason: string, cause?: unknown): FetchError =>
			new FetchError(
				`${shownUrl} broke off after ${megabytes(done)}${total === undefined ? '' : ` of ${megabytes(total)}`} MB (${reason}): ` +
					'run the same command again to continue',
				shownUrl,
				{cause},
			);
		tell?.({type: 'progress', what, done, total});
		const handle = await wrapCacheErrors(part, async () => open(part, 'a'));
		try {
			for await (const chunk of response.body ?? []) {
				await wrapCacheErrors(part, async () => handle.appendFile(chunk));
				hash.update(chunk);
				done += chunk.length;
				tell?.({type: 'progress', what, done, total});
			}
		} catch (error) {
			if (signal?.aborted) {
				throw new AbortError(signal.reason);
			}

			throw error instanceof StepladderError ? error : brokeOff(networkReason(error), error);
		} finally {
			await handle.close();
		}

		if (total !== undefined && done < total) {
			throw brokeOff('it was shorter than the server said');
		}
	}

	const got = hash.digest('hex');
	if (got !== sha256) {
		await rm(part, {force: true});
		throw new FetchError(
			`${withoutCredentials(url)} is not ${what} as it is pinned: expected sha256 ${sha256}, got ${got}. ` +
				'It was deleted; try again, or another index',
			withoutCredentials(url),
		);
	}

	await wrapCacheErrors(file, async () => rename(part, file));
};

/**
 * Adds a file to a hash.
 *
 * @returns its bytes; 0 where there is none
 */
export const hashFile = async (file: string, hash: Hash): Promise<number> => {
	let bytes = 0;
	if (existsSync(file)) {
		for await (const chunk of createReadStream(file, {highWaterMark: 1 << 20})) {
			hash.update(chunk);
			bytes += chunk.length;
		}
	}

	return bytes;
};

/** Packed on its way, a file could not be gone on with. */
const range = (done: number): Record<string, string> => ({
	'accept-encoding': 'identity',
	...(done > 0 && {range: `bytes=${done}-`}),
});

/** Where in the file an answer begins; nothing where it is not a part of it. */
const startOf = (response: Response): number | undefined => {
	const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
	return response.status === 206 && start !== undefined ? Number(start) : undefined;
};
