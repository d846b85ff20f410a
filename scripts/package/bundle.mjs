import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../set-up/index.mjs';

/** The part of the published package that is bundled into one file: Vega with its dependencies would be some 70 packages. */
export const bundledFile = path.join('format', 'vega');

/**
 * Bundles the file with its imports, and lists the packages that they are from.
 *
 * @returns {Promise<{code: string, packages: Array<import('../licenses/crates.mjs').Shipped & {folder: string}>}>}
 */
export const bundle = async () => {
	const {build} = await import('esbuild');
	const {outputFiles, metafile} = await build({
		absWorkingDir: root,
		entryPoints: [path.join('ts', `${bundledFile}.ts`)],
		bundle: true,
		minify: true,
		write: false,
		metafile: true,
		platform: 'node',
		format: 'esm',
		target: 'node20',
		external: ['canvas'], // optional for Vega
	});
	const folders = Object.keys(metafile.inputs).flatMap(file => {
		const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [];
		return folder === undefined ? [] : [path.join(root, folder)];
	});
	const packages = [...new Set(folders)].map(folder => {
		const {name, version, license} = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
		return {name, version, license, folder};
	});
	return {
		code: outputFiles[0]?.text ?? '',
		packages: packages.sort((a, b) => (a.name < b.name ? -1 : 1)),
	};
};

/**
 * Returns the texts of their licences.
 *
 * @param {Awaited<ReturnType<typeof bundle>>['packages']} packages
 */
export const bundledLicenses = packages => {
	const texts = packages.map(({name, version, license, folder}) => {
		const files = readdirSync(folder).filter(file => /^(licen[cs]e|copying|notice)/i.test(file));
		if (files.length === 0) {
			throw new Error(`${name} ${version} is bundled and has no text of its licence`);
		}

		const text = files.map(file => readFileSync(path.join(folder, file), 'utf8').trim()).join('\n\n');
		return `${name} ${version} (${license})\n\n${text}\n`;
	});
	const file = `dist/ts/${bundledFile.split(path.sep).join('/')}.js`;
	return `${file} contains the following packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
};
