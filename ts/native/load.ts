import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {LoadError} from '../errors/index.js';
import type * as Binding from './binding.js';
import {DamagedAddon, explain} from './explain.js';
import {thisPlatform} from './platform.js';

/** The addon is built twice from one source. */
type Edition = 'base' | 'torch';

const loaded = new Map<Edition, typeof Binding>();
const require = createRequire(import.meta.url);

/** The package, or the clone, from dist/ts/native. */
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Whether this runs from a clone, where addons are built, and not from an installed package. */
const isClone = existsSync(path.join(root, 'Cargo.toml'));

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

/** Whether the addon with libtorch is there. */
export const hasTorch = (): boolean => builtAddon('torch') !== undefined;

const edition = (which: Edition): typeof Binding => {
	const binding = loaded.get(which) ?? load(which);
	loaded.set(which, binding);
	return binding;
};

/** The addon that a clone has built for this platform; those of others may lie beside it. */
const builtAddon = (which: Edition): string | undefined => {
	const folder = path.join(root, 'build', {base: 'addon', torch: 'addon-torch'}[which]);
	const wanted = `stepladder.${thisPlatform()}`;
	const names = existsSync(folder) ? readdirSync(folder) : [];
	const name = names.find(name => name.endsWith('.node') && name.startsWith(wanted));
	return name && path.join(folder, name);
};

/**
 * The file of an installed addon, once it is the one that was published: to load one that was cut off would end Node.
 *
 * @throws {DamagedAddon}
 */
const unharmed = (name: string): string => {
	const {sha256} = require(`${name}/package.json`) as {sha256?: string};
	const file = require.resolve(name);
	if (createHash('sha256').update(readFileSync(file)).digest('hex') !== sha256) {
		throw new DamagedAddon(file);
	}

	return file;
};

const load = (which: Edition): typeof Binding => {
	const built = builtAddon(which);
	if (which === 'torch' && !built) {
		throw new LoadError(
			isClone
				? '`--engine aten` and `--device cuda` need libtorch, which is not built in: get it by `npm run build -- --torch`'
				: '`--engine aten` and `--device cuda` need libtorch, which this package does not bring: build it in a clone, by `npm run build -- --torch`',
		);
	}

	if (which === 'torch' && process.platform === 'win32') {
		// Windows has no run paths: its loader looks along PATH
		process.env['PATH'] = `${path.join(root, 'build', 'libtorch', 'lib')}${path.delimiter}${process.env['PATH'] ?? ''}`;
	}

	const addon = built ?? `@stepladder/${thisPlatform()}`;
	try {
		return require(built ?? unharmed(addon)) as typeof Binding;
	} catch (error) {
		const scope = path.join(path.dirname(root), '@stepladder');
		throw new LoadError(explain({error, addon, isClone, installed: existsSync(scope) ? readdirSync(scope) : []}), {
			cause: error,
		});
	}
};
