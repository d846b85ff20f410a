import {createHash} from 'node:crypto';
import {
	createReadStream,
	existsSync,
	mkdtempSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import {checkCache, fillCache, removeLeftovers, removeStaleLockOf} from '../cache/cache.js';
import {cacheFolder} from '../cache/cache-folder.js';
import {ConfigError, FetchError} from '../errors/index.js';
import {makeFolders} from '../fs/make-folders.js';
import {thisPlatform} from '../platform/platform.js';
import {cachedLibtorch, ownLibtorch} from './libtorch-folder.js';
import {type Libraries, problemOf, writeManifest} from './manifest.js';
import {libtorchVersion, type Pin, type PinnedWheel, pinFor, torchPlatforms} from './pins.js';
import {downloadByPip, pythonWithPip} from './pip.js';
import {unpackWheel} from './unpack-wheel.js';

/** Reports and ends a fetch. */
export type FetchOptions = {
	/** Called with a line of progress. @default no reports */
	readonly report?: ((line: string) => void) | undefined;
	readonly signal?: AbortSignal | undefined;
};

/** Options of {@link ensureLibtorch}. */
export type LibtorchOptions = FetchOptions & {
	/** Files of wheels. Those missing are fetched by pip. */
	readonly wheels?: readonly string[] | undefined;
	/** @default this platform's */
	readonly pin?: Pin | undefined;
	/** @default the user's */
	readonly cache?: string | undefined;
};

/**
 * Returns the folder of a libtorch of the right version: the one that LIBTORCH names, else the cache's, which is filled
 * if necessary. Uses no network if it is complete.
 *
 * @throws {FetchError} if it can't be fetched
 * @throws {WriteError} if the cache can't be written
 * @throws {ConfigError} if LIBTORCH or `wheels` are wrong, or others may write to the cache
 * @throws {AbortError}
 */
export const ensureLibtorch = async (options: LibtorchOptions = {}): Promise<string> => {
	const {pin = pinFor(), cache = cacheFolder(), report = () => {}, signal} = options;
	const own = ownLibtorch();
	if (own !== undefined) {
		return own;
	}

	if (!pin) {
		throw new FetchError(
			`there is no ready-made libtorch ${libtorchVersion} for ${thisPlatform()} (there is for ${torchPlatforms.join(', ')}): ` +
				'build or find one and name its folder in LIBTORCH',
			'pins',
		);
	}

	const entry = cachedLibtorch({cache, ...pin});
	checkCache(cache);
	if (problemOf(entry) !== undefined) {
		await fillCache(entry, {cache, report, signal}, async signal => {
			if (problemOf(entry) !== undefined) {
				await fill(entry, pin, {...options, report, signal});
			}
		});
	} else {
		removeStaleLockOf(entry);
	}

	return entry;
};

/**
 * Checks LIBTORCH and given wheels, before the network is used.
 *
 * @throws {ConfigError} if LIBTORCH or `wheels` are wrong
 * @throws {FetchError} if a wheel is not a pinned one
 */
export const checkLibtorchSources = async ({wheels = [], pin = pinFor()}: LibtorchOptions): Promise<void> => {
	ownLibtorch();
	if (pin !== undefined) {
		for (const file of wheels) {
			await recognize(file, pin);
		}
	}
};

/** Fetches libtorch, unpacks it under a temporary name and renames it. */
const fill = async (entry: string, pin: Pin, options: Obtaining): Promise<void> => {
	const {signal, report} = options;
	const kept = `${entry}.wheels`; // outlives an interruption, so that the next call continues
	await removeLeftovers(entry, [kept]);
	const work = mkdtempSync(`${entry}.new-`);
	try {
		makeFolders(kept);
		const files = await obtain(pin, kept, options);
		report('Unpacking libraries, headers and licences ...');
		const libraries: Libraries = await unpack(files, pin, work, signal);
		writeFileSync(path.join(work, 'build-version'), pin.version);
		writeManifest(work, {version: pin.version, wheels: pin.wheels, libraries});
		signal?.throwIfAborted();
		await rm(entry, {recursive: true, force: true});
		renameSync(work, entry);
		await rm(kept, {recursive: true, force: true});
	} finally {
		await rm(work, {recursive: true, force: true});
		if (existsSync(kept) && readdirSync(kept).every(name => name === 'requirements.txt')) {
			rmSync(kept, {recursive: true});
		}
	}
};

const unpack = async (
	files: ReadonlyMap<PinnedWheel, string>,
	pin: Pin,
	folder: string,
	signal: AbortSignal | undefined,
): Promise<Libraries> => {
	const wanted = new Set([...pin.libraries, ...pin.linkedOnly]);
	const libraries: Record<string, Libraries[string]> = {};
	for (const [wheel, file] of files) {
		Object.assign(libraries, await unpackWheel(file, wheel, folder, wanted, signal));
	}

	const missing = [...wanted].filter(name => !(name in libraries));
	if (missing.length > 0) {
		throw new FetchError(`the wheels of libtorch ${pin.version} lack ${missing.join(', ')}`, pin.platform);
	}

	return libraries;
};

type Obtaining = Pick<LibtorchOptions, 'wheels' | 'signal'> & {readonly report: (line: string) => void};

/** Returns a file for every pinned wheel, its hash checked here or by pip. */
const obtain = async (
	pin: Pin,
	folder: string,
	{wheels = [], signal, report}: Obtaining,
): Promise<ReadonlyMap<PinnedWheel, string>> => {
	const files = new Map<PinnedWheel, string>();
	for (const file of wheels) {
		files.set(await recognize(file, pin), path.resolve(file));
	}

	const missing = pin.wheels.filter(wheel => !files.has(wheel));
	if (missing.length === 0) {
		return files;
	}

	const python = pythonWithPip();
	if (python === undefined) {
		throw new FetchError(withoutPip(missing), 'pip');
	}

	report(`Fetching libtorch ${pin.version} by pip (${pin.download}, kept in ${path.dirname(folder)}) ...`);
	await downloadByPip(python, pin, missing, folder, signal);
	for (const wheel of missing) {
		files.set(wheel, byName(folder, wheel));
	}

	return files;
};

/** Returns the pinned wheel that a file is. */
const recognize = async (file: string, pin: Pin): Promise<PinnedWheel> => {
	if (!statSync(file, {throwIfNoEntry: false})?.isFile()) {
		throw new ConfigError('wheel', 'the file of a wheel', file, `--wheel ${file}: file not found`);
	}

	const hash = createHash('sha256');
	let bytes = 0;
	for await (const chunk of createReadStream(file, {highWaterMark: 1 << 20})) {
		hash.update(chunk);
		bytes += chunk.length;
	}

	const got = hash.digest('hex');
	const found = pin.wheels.find(({sha256}) => sha256 === got);
	if (found) {
		return found;
	}

	const meant = pin.wheels.find(wheel => path.basename(file).startsWith(fileBeginning(wheel)));
	const expected = meant
		? `sha256 ${meant.sha256}, which ${meant.name} ${meant.version} for ${pin.platform} has`
		: `${pin.wheels.map(({name, version}) => `${name} ${version}`).join(' or ')} for ${pin.platform}`;
	throw new FetchError(
		`${file} is not the pinned wheel: expected ${expected}, got sha256 ${got} over ${bytes} bytes. ` +
			'It may be cut short, or another build',
		file,
	);
};

/** Returns the file of a wheel that pip has fetched into a folder. */
const byName = (folder: string, wheel: PinnedWheel): string => {
	const name = readdirSync(folder).find(name => name.startsWith(fileBeginning(wheel)) && name.endsWith('.whl'));
	if (name === undefined) {
		throw new FetchError(`pip left no wheel of ${wheel.name} ${wheel.version} in ${folder}`, 'pip');
	}

	return path.join(folder, name);
};

/** Returns the beginning of a wheel's file name. */
const fileBeginning = ({name, version}: PinnedWheel): string => `${name.replaceAll('-', '_')}-${version}-`;

const withoutPip = (missing: readonly PinnedWheel[]): string =>
	'Python 3.8 or newer with pip, which fetches libtorch, was not found: install it; or fetch the wheels of ' +
	`${missing.map(({name, version}) => `${name} ${version}`).join(', ')} by other means and name them in \`--wheel FILE\`; ` +
	`or name a libtorch ${libtorchVersion} in LIBTORCH`;
