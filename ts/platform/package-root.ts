import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** The package, or the clone, from dist/ts/machine. */
export const packageRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** Whether this runs from a clone, where addons are built, and not from an installed package. */
export const isClone = existsSync(path.join(packageRoot, 'Cargo.toml'));

/** Of this package, and of the addons that belong to it. */
export const packageVersion = (): string =>
	JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')).version;
