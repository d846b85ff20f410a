// Prints what a build from source needs, and whether it is installed; then the checks of the built program itself.
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
 * Prints a need of only `--engine aten` and `--device cuda`, without which everything else works.
 *
 * @param {string} what
 * @param {string | undefined} found
 * @param {string} get
 */
const torchLine = (what, found, get) => {
	process.stdout.write(`${found ? '✓' : '-'} ${what}, only for libtorch: ${found ?? `not found; ${get}`}\n`);
};

enterFolderTypedIn();
process.stdout.on('error', error => {
	if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPIPE') {
		throw error;
	}

	process.exit(0); // the reader has closed the pipe, as `| head` does
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
const changed = addons.find(folder => wasChanged(folder)); // loading a truncated one would end Node
if (!existsSync(path.join(root, 'dist', 'ts', 'cli', 'main.js'))) {
	damaged('not built yet');
} else if (changed !== undefined) {
	damaged(`${changed} was changed since it was built`);
} else {
	try {
		await import('../dist/ts/cli/main.js'); // prints its own checks
	} catch (error) {
		damaged(`the build is damaged (${String(error).split('\n', 1)[0]})`);
	}
}
