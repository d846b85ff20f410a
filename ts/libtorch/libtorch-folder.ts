import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {cacheFolder} from '../cache/cache-folder.js';
import {ConfigError} from '../errors/index.js';
import {thisPlatform} from '../platform/platform.js';
import {libtorchVersion} from './pins.js';

/**
 * Returns the folder that contains libtorch's `lib`, or would: the one that LIBTORCH names, else the cache's.
 *
 * @throws {ConfigError} if LIBTORCH names no libtorch, or one of another version
 */
export const libtorchFolder = (): string => ownLibtorch() ?? cachedLibtorch();

/** Returns the cache's folder for a version of libtorch. */
export const cachedLibtorch = ({cache = cacheFolder(), version = libtorchVersion, platform = thisPlatform()} = {}) =>
	path.join(cache, `libtorch-${version}-${platform}`);

/**
 * Returns the libtorch that LIBTORCH names; `undefined` if it is not set.
 *
 * @throws {ConfigError} if it is not one of this version
 */
export const ownLibtorch = (named = process.env['LIBTORCH']): string | undefined => {
	if (!named) {
		return undefined;
	}

	const folder = path.resolve(named);
	const wrong = (expected: string, got: string, advice: string): ConfigError =>
		new ConfigError('LIBTORCH', expected, got, `LIBTORCH is ${named}, ${advice}`);
	if (!existsSync(path.join(folder, 'lib'))) {
		const expected = 'a folder with libtorch’s `lib` and `include`';
		throw wrong(expected, named, `which should be ${expected}: correct it, or unset it so that libtorch is fetched`);
	}

	const version = versionOf(folder);
	if (version !== libtorchVersion) {
		throw wrong(
			`libtorch ${libtorchVersion}`,
			version ?? 'of an unknown version',
			`which contains libtorch ${version ?? 'of an unknown version'}; version ${libtorchVersion} is needed: ` +
				'name one of that version, or unset LIBTORCH so that it is fetched',
		);
	}

	return folder;
};

/** Returns the build of libtorch that would be opened, in words: that of the cache is pinned by its version. */
export const libtorchBuild = (): string => {
	const own = ownLibtorch();
	return own === undefined ? libtorchVersion : `${buildOf(own)} of LIBTORCH`;
};

/** Returns the version that a libtorch folder says it has, without its `+cpu` or `+cu130`. */
const versionOf = (folder: string): string | undefined => buildOf(folder)?.split('+', 1)[0];

/** Returns the version that a libtorch folder says it has, such as `2.13.0+cpu`. */
const buildOf = (folder: string): string | undefined => {
	const read = (file: string): string | undefined => {
		try {
			return readFileSync(path.join(folder, file), 'utf8');
		} catch {
			return undefined;
		}
	};

	// `build-version` is in libtorch's own archives, `version.py` in a Python package of torch
	const version = read('build-version') ?? /__version__ = '([^']+)'/.exec(read('version.py') ?? '')?.[1];
	return version?.trim();
};
