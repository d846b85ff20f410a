import {readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import type * as Binding from '#binding';
import {LoadError} from '../errors/index.js';

/** The addon is built twice from one source. */
type Edition = 'base' | 'torch';

const folders = {base: 'addon', torch: 'addon-torch'} as const;
const loaded = new Map<Edition, typeof Binding>();

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
export const nativeFor = ({engine, device}: {engine?: string; device?: string}): typeof Binding =>
	edition(engine === 'aten' || device === 'cuda' ? 'torch' : 'base');

/** Whether the addon with libtorch has been built. */
export const hasTorch = (): boolean => addonIn(folderOf('torch')) !== undefined;

const edition = (which: Edition): typeof Binding => {
	const binding = loaded.get(which) ?? load(which);
	loaded.set(which, binding);
	return binding;
};

/** dist/ts/native/load.js is three folders below the project. */
const root = fileURLToPath(new URL('../../..', import.meta.url));

const folderOf = (which: Edition): string => path.join(root, 'build', folders[which]);

const addonIn = (folder: string): string | undefined => {
	try {
		return readdirSync(folder).find(name => name.endsWith('.node'));
	} catch {
		return undefined;
	}
};

const load = (which: Edition): typeof Binding => {
	const folder = folderOf(which);
	const file = addonIn(folder);
	if (!file) {
		throw new LoadError(
			which === 'torch'
				? '`--engine aten` and `--device cuda` need libtorch, which is not built in: get it by `npm run build -- --torch`'
				: `there is no addon in ${folder}: build it by \`npm run build\``,
		);
	}

	if (which === 'torch' && process.platform === 'win32') {
		// Windows has no run paths: its loader looks along PATH
		process.env.PATH = `${path.join(root, 'build', 'libtorch', 'lib')}${path.delimiter}${process.env.PATH ?? ''}`;
	}

	try {
		return createRequire(import.meta.url)(path.join(folder, file)) as typeof Binding;
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new LoadError(`${path.join(folder, file)} could not be loaded (${reason}): see \`npm run doctor\``, {
			cause: error,
		});
	}
};
