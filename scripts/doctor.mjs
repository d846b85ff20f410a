// What a build from source needs and finds; then, where it is built, what the program itself finds.
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {root} from './set-up/index.mjs';
import {cachedLibtorch, libtorchVersion, versionOf} from './set-up/libtorch.mjs';
import {howToGet, needs} from './set-up/need.mjs';

/**
 * @param {string} what
 * @param {string | undefined} found
 * @param {string} get
 */
const line = (what, found, get) => {
	process.stdout.write(`${found ? '✓' : '✗'} ${what}: ${found ?? `not found; ${get}`}\n`);
	if (!found) {
		process.exitCode = 1;
	}
};

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const nodeFits = major > 20 || (major === 20 && minor >= 19);
line('Node', nodeFits ? process.version : undefined, `version 20.19 or newer is needed, this is ${process.version}`);
for (const name of /** @type {Array<keyof typeof needs>} */ (Object.keys(needs))) {
	const {what, find} = needs[name];
	line(`${what[0]?.toUpperCase()}${what.slice(1)}`, find()?.version, howToGet(name));
}

const libtorch = process.env.LIBTORCH ?? cachedLibtorch();
const version = versionOf(libtorch);
line(
	'libtorch',
	version === libtorchVersion ? `${version} in ${libtorch}` : undefined,
	version
		? `LIBTORCH names version ${version}, ${libtorchVersion} is needed`
		: 'it is fetched when it is first needed, by `npm run build`',
);

if (existsSync(path.join(root, 'dist', 'ts', 'cli', 'main.js'))) {
	await import('../dist/ts/cli/main.js');
} else {
	line('Stepladder', undefined, 'not built yet: run `npm run build`');
}
