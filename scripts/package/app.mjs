import {execFileSync, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
	closeSync,
	cpSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import sharp from 'sharp';
import {root} from '../set-up/index.mjs';
import {runTool, ToolFailed} from '../set-up/tool.mjs';
import {writeGreyImages} from './grey-images.mjs';
import {targets} from './targets.mjs';

/** The folder of the packages. */
export const packages = path.join(root, 'build', 'npm');

const greyLadder = fileURLToPath(new URL('grey-ladder', import.meta.url));

/**
 * Makes an app with the packages of a platform, installed by npm, and data to train on.
 *
 * @param {import('./targets.mjs').Target} target
 * @param {import('./places.mjs').Place} place
 */
export const makeApp = async ({platform, os, cpu, libc}, {folder}) => {
	rmSync(folder, {recursive: true, force: true});
	mkdirSync(folder, {recursive: true});
	const packed = path.join(folder, 'packages');
	mkdirSync(packed);
	const pack = (/** @type {string} */ name) => {
		const printed = execFileSync('npm', ['pack', '--json', '--pack-destination', packed], {
			cwd: path.join(packages, name),
			encoding: 'utf8',
		});
		return `file:packages/${JSON.parse(printed)[0].filename}`;
	};

	// All of them, of which npm installs the one that fits.
	const built = targets.filter(({platform}) => existsSync(path.join(packages, platform)));
	const overrides = Object.fromEntries(built.map(({platform}) => [`@stepladder/${platform}`, pack(platform)]));
	const dependencies = {stepladder: pack('stepladder')};
	writeFileSync(path.join(folder, 'package.json'), JSON.stringify({type: 'module', dependencies, overrides}));
	await runTool(
		'npm',
		[
			...['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'],
			...[`--os=${os[0]}`, `--cpu=${cpu[0]}`, ...(libc ? [`--libc=${libc[0]}`] : [])],
		],
		{cwd: folder},
	);
	const installed = readdirSync(path.join(folder, 'node_modules', '@stepladder'));
	if (installed.join() !== platform) {
		throw new ToolFailed(`npm installed the addon of ${installed.join(', ') || 'no platform'} for ${platform}`);
	}

	cpSync(greyLadder, path.join(folder, 'grey'), {recursive: true});
	writeGreyImages(path.join(folder, 'grey', 'data'), {size: 20, train: 300, test: 100});
	const pixels = Buffer.from({length: 3 * 16 * 16}, (_, i) => (i * 37) % 256);
	await sharp(pixels, {raw: {width: 16, height: 16, channels: 3}})
		.png()
		.toFile(path.join(folder, 'image.png'));
};

/**
 * Hashes of the files of runs.
 *
 * @typedef {Record<string, string>} Bits
 */

/**
 * Trains on colour and on grey images in the app and predicts, by its command line.
 *
 * @param {import('./places.mjs').Place} place
 * @param {string} instructionSet
 * @returns {Bits}
 */
export const trainAndPredict = (place, instructionSet) => {
	const {folder, inside} = place;
	const type = command(place, instructionSet);
	for (const name of ['shapes', 'cache', 'runs']) {
		rmSync(path.join(folder, name), {recursive: true, force: true});
	}

	type('init', `${inside}/shapes`);
	const bits = /** @type {Bits} */ ({});
	for (const [ladder, step] of Object.entries({shapes: 'baseline', grey: 'everything'})) {
		const run = [`${inside}/${ladder}`, '--step', step, '--epochs', '2', '--out', `${inside}/runs/${ladder}`];
		type('train', '--quiet', '--limit-train', '300', '--limit-test', '100', '--ladder', ...run);
		const trained = onlyFolder(path.join(folder, 'runs', ladder, step));
		const model = `${inside}/runs/${ladder}/${step}/${path.basename(trained)}/model.safetensors`;
		const data =
			ladder === 'grey' ? 'grey/data' : `cache/data/${path.basename(onlyFolder(path.join(folder, 'cache/data')))}`;
		const images = `${inside}/${data}/t10k-images-idx${ladder === 'grey' ? 3 : 4}-ubyte:0-49`;
		const events = readFileSync(path.join(trained, 'events.jsonl'), 'utf8').replaceAll(/,"seconds":[\d.e-]+/g, '');
		bits[`${ladder}: model`] = hash(readFileSync(path.join(trained, 'model.safetensors')));
		bits[`${ladder}: epochs`] = hash(events);
		bits[`${ladder}: predictions of the last epoch`] = hash(readFileSync(path.join(trained, 'predictions.json')));
		bits[`${ladder}: predict`] = hash(withoutNames(type('predict', model, images, '--json')));
	}

	return bits;
};

/**
 * Returns the hash of a prediction from a PNG; `undefined` if this platform's sharp does not run.
 *
 * @param {import('./places.mjs').Place} place
 * @returns {string | undefined}
 */
export const predictImage = place => {
	const {folder, inside} = place;
	const run = path.basename(onlyFolder(path.join(folder, 'runs/shapes/baseline')));
	const model = `${inside}/runs/shapes/baseline/${run}/model.safetensors`;
	try {
		return hash(withoutNames(command(place)('predict', model, `${inside}/image.png`, '--json')));
	} catch {
		return undefined;
	}
};

/**
 * @param {import('./places.mjs').Place} place
 * @param {string} [instructionSet]
 */
const command =
	({node, folder, inside, env}, instructionSet) =>
	(/** @type {string[]} */ ...words) => {
		const [program = '', ...start] = node;
		// Into files: Node under Wine can't write to pipes.
		const [printed, errors] = ['printed.txt', 'errors.txt'].map(name => path.join(folder, name));
		const [stdout, stderr] = [openSync(printed, 'w'), openSync(errors, 'w')];
		const {status, error} = spawnSync(program, [...start, `${inside}/${main}`, ...words], {
			cwd: '/', // exists in every environment
			env: {...env, STEPLADDER_CACHE: `${inside}/cache`, ...(instructionSet && {STEPLADDER_ISA: instructionSet})},
			stdio: ['ignore', stdout, stderr],
			timeout: 900_000,
		});
		closeSync(stdout);
		closeSync(stderr);
		if (status !== 0) {
			const reason = error?.message ?? errorLine(readFileSync(errors, 'utf8')) ?? `exit code ${status}`;
			throw new ToolFailed(`\`stepladder ${words[0]}\` failed: ${reason}`);
		}

		return readFileSync(printed, 'utf8');
	};

const main = 'node_modules/stepladder/dist/ts/cli/main.js';

/** Returns the line of the message, among those of a stack. @param {string} errors */
const errorLine = errors => {
	const lines = errors.trim().split('\n');
	return lines.find(line => /^(?:stepladder|\w*Error)\b.*:/.test(line)) ?? lines.at(-1);
};

/** @param {string} folder */
const onlyFolder = folder => {
	const names = readdirSync(folder);
	if (names.length !== 1) {
		throw new ToolFailed(`expected one folder in ${folder}, found ${names.length}`);
	}

	return path.join(folder, names[0] ?? '');
};

/** Removes the images' paths, which differ between environments. @param {string} lines */
const withoutNames = lines =>
	lines
		.trim()
		.split('\n')
		.map(line => JSON.stringify({...JSON.parse(line), image: undefined}))
		.join('\n');

/** @param {string | Buffer} content */
const hash = content => createHash('sha256').update(content).digest('hex');
