import {readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../set-up/index.mjs';

/** Licences that are said in `licenses`, a field that lock files know nothing of. @type {Record<string, string>} */
const older = {jstat: 'MIT'};

/** @param {string} place such as `node_modules/a/node_modules/@b/c` */
const nameOf = place => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);

/**
 * Every npm package that installing stepladder brings, with those that only some platforms get. The lock file knows
 * them all, whatever this machine has installed.
 *
 * @returns {import('./crates.mjs').Shipped[]}
 */
export const npmPackages = () => {
	const {packages} = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
	const shipped = Object.entries(packages)
		.filter(([place, {dev, devOptional}]) => place !== '' && !dev && !devOptional)
		.map(([place, {version, license}]) => ({
			name: nameOf(place),
			version,
			license: license ?? older[nameOf(place)] ?? 'not said',
		}));
	const lines = new Map(shipped.map(one => [`${one.name} ${one.version}`, one]));
	return [...lines.keys()].sort().map(key => /** @type {import('./crates.mjs').Shipped} */ (lines.get(key)));
};

/** The licences that what is installed along with stepladder may have; for crates, `deny.toml` says it. */
const allowed = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Unlicense']);

/** libvips is a library of its own, which sharp loads and anyone may replace: that is what the LGPL asks for. */
const libvips = /^@img\/sharp-(libvips-|win32-|wasm32)/;

/**
 * Those whose licence nobody has agreed to.
 *
 * @param {import('./crates.mjs').Shipped[]} packages
 */
export const unwelcome = packages =>
	packages.filter(({name, license}) => !allowed.has(license) && !(libvips.test(name) && /LGPL-3\.0/.test(license)));
