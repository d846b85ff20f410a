// What a build from source needs and finds; then, where it is built, what the program itself finds.
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {root} from './set-up/index.mjs';
import {howToGet, needs} from './set-up/need.mjs';
import {wasChanged} from './set-up/stamp.mjs';
import {enterFolderTypedIn} from './set-up/typed-in.mjs';

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

/**
 * What only `--engine aten` and `--device cuda` need: without it everything else works.
 *
 * @param {string} what
 * @param {string | undefined} found
 * @param {string} get
 */
const torchLine = (what, found, get) => {
	process.stdout.write(`${found ? '✓' : '-'} ${what}, for libtorch alone: ${found ?? `not found; ${get}`}\n`);
};

enterFolderTypedIn();
process.stdout.on('error', error => {
	if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPIPE') {
		throw error;
	}

	process.exit(0); // whoever reads has enough (`| head`)
});

for (const name of /** @type {Array<keyof typeof needs>} */ (Object.keys(needs))) {
	const {what, find, forTorch} = needs[name];
	const say = forTorch ? torchLine : line;
	say(`${what[0]?.toUpperCase()}${what.slice(1)}`, find()?.version, howToGet(name));
}

/** @param {string} problem */
const damaged = problem => {
	process.stdout.write(`✗ Stepladder: ${problem}: run \`npm run build\`\n`);
	process.exitCode = 1;
};

const addons = ['addon', 'addon-torch'].map(name => path.join(root, 'build', name));
const changed = addons.find(folder => wasChanged(folder)); // to load one that was cut off would end Node
if (!existsSync(path.join(root, 'dist', 'ts', 'cli', 'main.js'))) {
	damaged('not built yet');
} else if (changed !== undefined) {
	damaged(`${changed} is not as it was built`);
} else {
	try {
		await import('../dist/ts/cli/main.js'); // it tells what it finds by itself
	} catch (error) {
		damaged(`what was built is damaged (${String(error).split('\n', 1)[0]})`);
	}
}
