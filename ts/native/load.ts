import {readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import type * as Binding from '#binding';
import {LoadError} from '../errors/index.js';

let binding: typeof Binding | undefined;

/**
 * The native addon, loaded when it is first needed: importing this package costs nothing.
 *
 * @throws {LoadError} saying what was tried
 */
export const native = (): typeof Binding => {
	binding ??= load();
	return binding;
};

const load = (): typeof Binding => {
	// dist/ts/native/load.js, three folders below the project
	const root = fileURLToPath(new URL('../../..', import.meta.url));
	const folder = path.join(root, 'build', 'addon');
	if (process.platform === 'win32') {
		// Windows has no run paths: its loader looks along PATH
		process.env.PATH = `${path.join(root, 'build', 'libtorch', 'lib')}${path.delimiter}${process.env.PATH ?? ''}`;
	}

	let file: string | undefined;
	try {
		file = readdirSync(folder).find(name => name.endsWith('.node'));
	} catch {
		// said below
	}

	if (!file) {
		throw new LoadError(`there is no addon in ${folder}: build it by \`npm run build\``);
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
