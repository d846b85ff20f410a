import {createHash} from 'node:crypto';
import {copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {thirdPartyLicenses} from '../licenses/crates.mjs';
import {root} from '../set-up/index.mjs';
import {bundle, bundledFile, bundledLicenses} from './bundle.mjs';
import {rustTarget, targets} from './targets.mjs';

const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** The version of all packages. */
export const version = own.version;

/** Fields of every package. */
const about = {
	version: own.version,
	license: own.license,
	repository: own.repository,
	engines: own.engines,
};

/**
 * Makes the package of a platform's addon.
 *
 * @param {import('./targets.mjs').Target} target
 * @param {string} addon the file that was built
 * @param {string} output gets a folder for the package
 * @param {string[]} [features] that it was built with
 */
export const packAddon = (target, addon, output, features) => {
	const {platform, os, cpu, libc} = target;
	const name = `@stepladder/${platform}`;
	const folder = emptyFolder(path.join(output, platform));
	copyFileSync(addon, path.join(folder, 'stepladder.node'));
	const sha256 = createHash('sha256').update(readFileSync(addon)).digest('hex'); // checked by the loader
	writePackage(folder, {
		...{name, ...about, description: `The native addon of stepladder for ${platform}`},
		...{main: 'stepladder.node', files: ['stepladder.node', 'THIRD-PARTY-LICENSES'], sha256},
		...{os, cpu, ...(libc && {libc})},
	});
	writeFileSync(
		path.join(folder, 'README.md'),
		`# ${name}\n\nThe native addon of stepladder for ${platform}. It is installed with the package stepladder.\n`,
	);
	writeFileSync(path.join(folder, 'THIRD-PARTY-LICENSES'), thirdPartyLicenses(rustTarget(target), features));
};

/**
 * Makes the package of JavaScript, types and templates, with the platforms' addons as optional dependencies.
 *
 * @param {string} output gets a folder for the package
 */
export const packLibrary = async output => {
	const folder = emptyFolder(path.join(output, 'stepladder'));
	for (const entry of ['dist/ts', 'templates', 'README.md', 'CHANGELOG.md']) {
		if (existsSync(path.join(root, entry))) {
			cpSync(path.join(root, entry), path.join(folder, entry), {recursive: true});
		}
	}

	const {code, packages} = await bundle();
	writeFileSync(path.join(folder, 'dist', 'ts', `${bundledFile}.js`), code);
	writeFileSync(path.join(folder, 'THIRD-PARTY-LICENSES'), bundledLicenses(packages));

	// These fields are for the clone only.
	const {devDependencies: _, scripts: __, napi: ___, stepladder: ____, overrides: _____, ...published} = own;
	const optionalDependencies = Object.fromEntries(
		targets.map(({platform}) => [`@stepladder/${platform}`, own.version]),
	);
	writePackage(folder, {...published, optionalDependencies});
};

/** @param {string} folder */
const emptyFolder = folder => {
	rmSync(folder, {recursive: true, force: true});
	mkdirSync(folder, {recursive: true});
	return folder;
};

/**
 * @param {string} folder
 * @param {object} content
 */
const writePackage = (folder, content) => {
	writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(content, undefined, '\t')}\n`);
	copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
};
