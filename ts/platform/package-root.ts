import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** The folder of the package or the clone, as seen from dist/ts/platform. */
export const packageRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** Whether this is a clone, where addons are built, and not an installed package. */
export const isClone = existsSync(path.join(packageRoot, 'Cargo.toml'));

/** Returns the version of this package and of its addons. */
export const packageVersion = (): string =>
	JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')).version;
