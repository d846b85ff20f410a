import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../set-up/index.mjs';
import {ToolFailed} from '../set-up/tool.mjs';

/**
 * @typedef {object} Shipped
 * @property {string} name
 * @property {string} version
 * @property {string} license an SPDX expression
 */

/**
 * @param {string[]} cargoArguments
 * @returns {string}
 */
const cargo = cargoArguments => {
	const {status, stdout, stderr} = spawnSync('cargo', [...cargoArguments, '--locked'], {
		cwd: root,
		encoding: 'utf8',
		maxBuffer: 2 ** 28,
	});
	if (status !== 0) {
		throw new ToolFailed(`\`cargo ${cargoArguments[0]}\` failed: ${stderr?.trim() || 'is Rust installed?'}`);
	}

	return stdout;
};

/**
 * Returns the third-party crates that are linked into the addon. Macros and build scripts are not shipped.
 *
 * @param {string[]} triples the platforms, as rustc spells them
 * @param {string[]} [features] of the addon
 * @returns {Shipped[]}
 */
export const linkedCrates = (triples, features = []) => {
	const listed = cargo([
		...[
			'tree',
			'--package',
			'stepladder-addon',
			'--features',
			features.join(','),
			'--edges',
			'normal,no-proc-macro',
			'--no-dedupe',
		],
		...['--prefix', 'none', '--format', '{p}|{l}', ...triples.flatMap(triple => ['--target', triple])],
	]);
	return [...new Set(listed.split('\n'))]
		.map(line => /^(\S+) v(\S+)\|(.*)$/.exec(line)) // our own crates have a path after the version
		.filter(found => found !== null)
		.map(([, name = '', version = '', license = '']) => ({name, version, license}))
		.sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
};

/** Returns the text of MIT for a crate that has none. @param {string[]} authors */
const mit = authors =>
	readFileSync(path.join(root, 'LICENSE'), 'utf8').replace(/^Copyright .*$/m, `Copyright (c) ${authors.join(', ')}`);

/**
 * Returns the text of Apache-2.0, which names no author, from a crate that has it.
 *
 * @param {Array<{manifest_path: string}>} packages
 */
const apache = packages => {
	const files = packages.map(({manifest_path}) => path.join(path.dirname(manifest_path), 'LICENSE-APACHE'));
	return files.filter(file => existsSync(file)).map(file => readFileSync(file, 'utf8').trim())[0];
};

/**
 * Returns the texts that a crate's licence requires. Of several licences to choose from, MIT is chosen.
 *
 * @param {{name: string, license: string | null, authors: string[], manifest_path: string}} crate
 * @param {Array<{manifest_path: string}>} packages all packages
 * @returns {string[]}
 */
const textsOf = ({name, license, authors, manifest_path}, packages) => {
	const folder = path.dirname(manifest_path);
	const files = readdirSync(folder).filter(file => /^(licen[cs]e|copying|copyright|notice)/i.test(file));
	const forMit = files.filter(file => /mit/i.test(file));
	const chosen = /\bMIT\b/.test(license ?? '') && forMit.length > 0 ? forMit : files;
	if (chosen.length > 0) {
		return chosen.sort().map(file => readFileSync(path.join(folder, file), 'utf8').trim());
	}

	if (/\bMIT\b/.test(license ?? '') && authors.length > 0) {
		return [mit(authors).trim()];
	}

	const text = license === 'Apache-2.0' ? apache(packages) : undefined;
	if (text !== undefined) {
		return [text];
	}

	throw new ToolFailed(
		`the crate ${name} has no text of its licence (${license}): choose in ${import.meta.filename} what to ship`,
	);
};

/**
 * Returns the licences of all third-party code in the addon, with their texts, each text once.
 *
 * @param {string} triple
 * @param {string[]} [features] of the addon
 * @returns {string}
 */
export const thirdPartyLicenses = (triple, features) => {
	const linked = new Set(linkedCrates([triple], features).map(({name, version}) => `${name} ${version}`));
	const {packages} = JSON.parse(cargo(['metadata', '--format-version', '1', '--filter-platform', triple]));
	/** @type {Map<string, string[]>} */
	const holders = new Map();
	for (const crate of packages) {
		const title = `${crate.name} ${crate.version}`;
		if (linked.delete(title)) {
			for (const text of textsOf(crate, packages)) {
				holders.set(text, [...(holders.get(text) ?? []), `${title} (${crate.license})`]);
			}
		}
	}

	if (linked.size > 0) {
		throw new ToolFailed(`cargo knows no package for ${[...linked].join(', ')}`);
	}

	const standardLibrary = ["Rust's standard library (MIT OR Apache-2.0)"];
	const parts = [[mit(['The Rust Project Contributors']).trim(), standardLibrary], ...holders];
	const rule = '-'.repeat(80);
	return [
		'This addon contains third-party code, under the licences below.\n',
		...parts.map(([text, names]) => `${rule}\n${/** @type {string[]} */ (names).join('\n')}\n${rule}\n\n${text}\n`),
	].join('\n');
};
