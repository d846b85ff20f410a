import {readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../set-up/index.mjs';

/** Licences from the field `licenses`, which lock files lack. @type {Record<string, string>} */
const older = {jstat: 'MIT'};

/** @param {string} folder such as `node_modules/a/node_modules/@b/c` */
const nameOf = folder => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);

/**
 * Returns every npm package that is installed with stepladder, on any platform, as the lock file lists them.
 *
 * @returns {import('./crates.mjs').Shipped[]}
 */
export const npmPackages = () => {
	const {packages} = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
	const shipped = Object.entries(packages)
		.filter(([folder, {dev, devOptional}]) => folder !== '' && !dev && !devOptional)
		.map(([folder, {version, license}]) => ({
			name: nameOf(folder),
			version,
			license: license ?? older[nameOf(folder)] ?? 'unknown',
		}));
	const lines = new Map(shipped.map(one => [`${one.name} ${one.version}`, one]));
	return [...lines.keys()].sort().map(key => /** @type {import('./crates.mjs').Shipped} */ (lines.get(key)));
};

/** The allowed licences of npm packages; `deny.toml` has those of crates. */
const allowed = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Unlicense']);

/** libvips is a separate library, which sharp loads and anyone may replace, as the LGPL requires. */
const libvips = /^@img\/sharp-(libvips-|win32-|wasm32)/;

/**
 * Returns the packages whose licence is not allowed.
 *
 * @param {import('./crates.mjs').Shipped[]} packages
 */
export const unwelcome = packages =>
	packages.filter(({name, license}) => !allowed.has(license) && !(libvips.test(name) && /LGPL-3\.0/.test(license)));
