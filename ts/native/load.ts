import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {checkCache} from '../cache/cache.js';
import {cacheFolder} from '../cache/cache-folder.js';
import {LoadError} from '../errors/index.js';
import {libtorchBuild, libtorchFolder, ownLibtorch} from '../libtorch/libtorch-folder.js';
import {problemOf} from '../libtorch/manifest.js';
import {openedLibraries} from '../libtorch/pins.js';
import {fetchedTorchAddon, matchesPublishedHash, torchCommand} from '../libtorch/torch-addon.js';
import {isClone, packageRoot} from '../platform/package-root.js';
import {thisPlatform} from '../platform/platform.js';
import type * as Binding from './binding.js';
import {DamagedAddon, explain, explainTorch} from './explain.js';
import {unwrap} from './unwrap.js';

/** The addon is built twice from one source. */
type Edition = 'base' | 'torch';

const loaded = new Map<Edition, typeof Binding>();
const require = createRequire(import.meta.url);

/**
 * The native addon, loaded when it is first needed: importing this package costs nothing.
 *
 * @throws {LoadError} saying what was tried
 */
export const native = (): typeof Binding => edition('base');

/**
 * The addon that has an engine: only `aten` and CUDA need the one with libtorch.
 *
 * @throws {LoadError} saying what was tried
 */
export const nativeFor = (options: {engine?: string; device?: string}): typeof Binding => edition(editionOf(options));

const editionOf = ({engine, device}: {engine?: string; device?: string}): Edition =>
	engine === 'aten' || device === 'cuda' ? 'torch' : 'base';

/** The build of libtorch and the type of CPU, which the results of `aten` depend on; `undefined` for `fused`. */
export const platformOf = (options: {engine?: string; device?: string}): string | undefined =>
	editionOf(options) === 'torch' ? `libtorch ${libtorchBuild()} on ${os.cpus()[0]?.model.trim()}` : undefined;

/** Whether the addon with libtorch is there. */
export const hasTorch = (): boolean => torchAddon() !== undefined;

const edition = (which: Edition): typeof Binding => {
	const known = loaded.get(which);
	if (known !== undefined) {
		return known;
	}

	const binding = which === 'base' ? loadBase() : loadTorch();
	loaded.set(which, binding);
	process.once('exit', () => binding.stopThreads()); // libtorch can't be unloaded under a thread that computes
	return binding;
};

const torchAddon = (): string | undefined => (isClone ? builtAddon('addon-torch') : fetchedTorchAddon());

/** The addon that a clone has built for this platform; those of others may lie beside it. */
const builtAddon = (name: 'addon' | 'addon-torch'): string | undefined => {
	const folder = path.join(packageRoot, 'build', name);
	const wanted = `stepladder.${thisPlatform()}`;
	const files = existsSync(folder) ? readdirSync(folder) : [];
	const file = files.find(file => file.endsWith('.node') && file.startsWith(wanted));
	return file && path.join(folder, file);
};

const packagedAddon = (): string => `@stepladder/${thisPlatform()}`;

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** What a record says of the addon that trained: sha256 of its file, and of the sources that it was built from. */
export const addonHashes = (options: {engine?: string; device?: string}): {file: string; sources: string} => {
	const {sources} = unwrap(nativeFor(options).runtimeInfo());
	const base = (): string => builtAddon('addon') ?? require.resolve(packagedAddon());
	return {file: hashOf((editionOf(options) === 'torch' ? torchAddon() : undefined) ?? base()), sources};
};

/**
 * The file of an installed addon, once it is the one that was published: to load one that was cut off would end Node.
 *
 * @throws {DamagedAddon}
 */
const unharmed = (file: string): string => {
	if (!matchesPublishedHash(file)) {
		throw new DamagedAddon(file);
	}

	return file;
};

const loadBase = (): typeof Binding => {
	const addon = packagedAddon();
	try {
		return require(builtAddon('addon') ?? unharmed(require.resolve(addon))) as typeof Binding;
	} catch (error) {
		const scope = path.join(path.dirname(packageRoot), '@stepladder');
		const names = existsSync(scope) ? readdirSync(scope) : [];
		const installed = names.filter(name => !/^torch-|^\./.test(name)); // npm's own folders begin with a dot
		throw new LoadError(explain({error, addon, isClone, installed}), {cause: error});
	}
};

const loadTorch = (): typeof Binding => {
	const addon = torchAddon();
	if (addon === undefined) {
		throw new LoadError(`\`--engine aten\` and \`--device cuda\` need libtorch: get it with \`${torchCommand}\``);
	}

	openLibtorch();
	const binding = requireTorch(addon);
	if (sourcesOf(binding) !== sourcesOf(native())) {
		throw new LoadError(`${addon} was built from other sources than the rest: get it again with \`${torchCommand}\``);
	}

	return binding;
};

const requireTorch = (addon: string): typeof Binding => {
	try {
		return require(isClone ? addon : unharmed(addon)) as typeof Binding;
	} catch (error) {
		throw new LoadError(explainTorch(error, addon, torchCommand), {cause: error});
	}
};

const sourcesOf = (binding: typeof Binding): string => unwrap(binding.runtimeInfo()).sources;

/**
 * Opens libtorch and what it stands on by their places, so that the addon finds them by their names. No place is
 * written into the addon.
 */
const openLibtorch = (): void => {
	const folder = libtorchFolder();
	const isOwn = ownLibtorch() !== undefined;
	if (!isOwn) {
		checkCache(cacheFolder());
	}

	const problem = isOwn ? undefined : problemOf(folder);
	if (problem !== undefined) {
		// A library that was cut short would end the process when it is opened, and any other code would run as the user.
		throw new LoadError(`libtorch in ${folder} ${problem}: get it with \`${torchCommand}\``);
	}

	for (const name of openedLibraries()) {
		const file = path.join(folder, 'lib', name);
		if (isOwn && !existsSync(file)) {
			continue; // libtorch's own archives name some differently, and libtorch finds those by itself
		}

		const reason = native().openLibrary(file);
		if (reason !== null) {
			const mending = isOwn
				? 'LIBTORCH names it: correct it, or unset it to have libtorch fetched'
				: `remove ${folder} and get it again with \`${torchCommand}\``;
			throw new LoadError(`${file} could not be opened (${reason}): ${mending}`);
		}
	}
};
