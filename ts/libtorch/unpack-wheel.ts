import {createHash} from 'node:crypto';
import {createWriteStream} from 'node:fs';
import {type FileHandle, mkdir, open} from 'node:fs/promises';
import path from 'node:path';
import {Transform} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {type Entry, fromRandomAccessReaderPromise, type ZipFile} from 'yauzl';
import {wrapCacheErrors} from '../cache/cache.js';
import {AbortError, FetchError, StepladderError} from '../errors/index.js';
import type {Libraries} from './manifest.js';
import type {PinnedWheel} from './pins.js';
import {WheelReader} from './wheel-reader.js';

/**
 * Unpacks the named libraries, torch's headers and the licences of a wheel into `lib`, `include` and `licenses`. An entry
 * that would be written outside the folder is refused (by yauzl).
 *
 * @returns the libraries that were unpacked
 * @throws {FetchError} if the wheel is damaged
 * @throws {WriteError}
 */
export const unpackWheel = async (
	file: string,
	{name, version}: PinnedWheel,
	folder: string,
	wanted: ReadonlySet<string>,
	signal?: AbortSignal,
): Promise<Libraries> => {
	const libraries: Record<string, {bytes: number; sha256: string}> = {};
	const targetOf = ({fileName}: Entry): string | undefined => {
		if (fileName.endsWith('/')) {
			return undefined;
		}

		const base = path.posix.basename(fileName);
		if (wanted.has(base) && !(base in libraries)) {
			return `lib/${base}`;
		}

		const licence = /^[^/]+\.dist-info\/(?:licenses\/)?(.+)$/.exec(fileName)?.[1];
		if (
			licence !== undefined &&
			(fileName.includes('.dist-info/licenses/') || /^(?:licen[cs]e|notice)/i.test(licence))
		) {
			return `licenses/${name}-${version}/${licence}`;
		}

		return fileName.startsWith('torch/include/') ? fileName.slice('torch/'.length) : undefined;
	};

	let opened: FileHandle | undefined;
	let zip: ZipFile | undefined;
	try {
		opened = await open(file);
		const {size} = await opened.stat();
		zip = await fromRandomAccessReaderPromise(new WheelReader(opened), size);
		for await (const entry of zip.eachEntry()) {
			if (signal?.aborted) {
				throw new AbortError(signal.reason);
			}

			const target = targetOf(entry);
			if (target === undefined) {
				continue;
			}

			const written = await write(zip, entry, path.join(folder, ...target.split('/')));
			if (target.startsWith('lib/')) {
				libraries[path.basename(target)] = written;
			}
		}
	} catch (error) {
		throw error instanceof StepladderError
			? error
			: new FetchError(`${file} can't be unpacked (${(error as Error).message}): fetch it again`, file, {
					cause: error,
				});
	} finally {
		zip?.close();
		await opened?.close();
	}

	return libraries;
};

/** Unpacks one entry as a stream: the largest has half a gigabyte. */
const write = async (zip: ZipFile, entry: Entry, target: string): Promise<{bytes: number; sha256: string}> => {
	await wrapCacheErrors(target, async () => mkdir(path.dirname(target), {recursive: true}));
	const source = await zip.openReadStreamPromise(entry);
	const hash = createHash('sha256');
	let bytes = 0;
	const measured = new Transform({
		transform(chunk: Buffer, _, done) {
			hash.update(chunk);
			bytes += chunk.length;
			done(null, chunk);
		},
	});
	await wrapCacheErrors(target, async () => pipeline(source, measured, createWriteStream(target)));
	return {bytes, sha256: hash.digest('hex')};
};
