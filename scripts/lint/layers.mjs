// The layers of `ts/`: a folder imports only from the folders below it.
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

/** Every folder of `ts/`, from the top to the bottom. docs/ARCHITECTURE.md says what each holds. */
const layers = [
	...['cli', 'live', 'bench', 'report', 'record', 'sweep', 'export', 'ladder', 'training', 'tensorboard', 'model'],
	...['runs', 'step', 'claims', 'experiment', 'data', 'native', 'libtorch', 'cache', 'ledger', 'slurm', 'fs'],
	...['platform', 'validation', 'format', 'statistics', 'errors'],
];

/** `index.ts` is the library's face; of the layers, only the command line may use it. */
const levels = new Map([...layers.slice(0, 1), 'index.js', ...layers.slice(1)].map((layer, level) => [layer, level]));

/**
 * Finds imports that go up, and folders that are missing from the list.
 *
 * @param {string} root of the project
 * @returns {string[]} a sentence for each
 */
export const wrongImports = root => {
	const source = path.join(root, 'ts');
	const files = readdirSync(source, {recursive: true, encoding: 'utf8'}).filter(name => /\.[jt]s$/.test(name));
	return files.flatMap(name => {
		const file = path.join(source, name);
		const own = layerOf(source, file);
		const imports = [...readFileSync(file, 'utf8').matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g)];
		return imports.flatMap(([, specifier = '']) => {
			const imported = layerOf(source, path.resolve(path.dirname(file), specifier));
			if (own === 'index.ts' || own === imported) {
				return [];
			}

			const [from, to] = [levels.get(own), levels.get(imported)];
			if (from === undefined || to === undefined) {
				const unknown = from === undefined ? own : imported;
				return [`ts/${name}: \`${unknown}\` is not in the list of layers in scripts/lint/layers.mjs`];
			}

			return from < to ? [] : [`ts/${name} imports ${specifier}: \`${own}\` lies below \`${imported}\``];
		});
	});
};

/**
 * @param {string} source the folder `ts`
 * @param {string} file
 */
const layerOf = (source, file) => path.relative(source, file).split(path.sep)[0] ?? '';
