import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../set-up/index.mjs';

/** What the published package brings along in one file: Vega with all it needs would be some 70 packages otherwise. */
export const bundledFile = path.join('text', 'vega');

/**
 * The file with all that it imports, and the packages that this came from.
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
		external: ['canvas'], // Vega asks for it where it is installed
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
 * The texts of their licences, which go with the code.
 *
 * @param {Awaited<ReturnType<typeof bundle>>['packages']} packages
 */
export const bundledLicenses = packages => {
	const texts = packages.map(({name, version, license, folder}) => {
		const files = readdirSync(folder).filter(file => /^(licen[cs]e|copying|notice)/i.test(file));
		if (files.length === 0) {
			throw new Error(`${name} ${version} is bundled and brings no text of its licence`);
		}

		const text = files.map(file => readFileSync(path.join(folder, file), 'utf8').trim()).join('\n\n');
		return `${name} ${version} (${license})\n\n${text}\n`;
	});
	const file = `dist/ts/${bundledFile.split(path.sep).join('/')}.js`;
	return `${file} holds the following packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
};
