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

/** Where packages are made, a folder each. */
export const packages = path.join(root, 'build', 'npm');

const greyLadder = fileURLToPath(new URL('grey-ladder', import.meta.url));

/**
 * An app that has the packages of a platform installed as npm does it, and data to learn from.
 *
 * @param {import('./targets.mjs').Target} target
 * @param {import('./places.mjs').Place} place
 */
export const layApp = async ({platform, os, cpu, libc}, {folder}) => {
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

	// The lot of them, of which npm takes the one that fits.
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
 * What runs left, as hashes: equal bits have equal hashes.
 *
 * @typedef {Record<string, string>} Bits
 */

/**
 * Has the app learn in colour and in grey and predict, as a person would type it.
 *
 * @param {import('./places.mjs').Place} place
 * @param {string} instructionSet
 * @returns {Bits}
 */
export const learnAndPredict = (place, instructionSet) => {
	const {folder, inside} = place;
	const type = command(place, instructionSet);
	for (const made of ['shapes', 'cache', 'runs']) {
		rmSync(path.join(folder, made), {recursive: true, force: true});
	}

	type('init', `${inside}/shapes`);
	const bits = /** @type {Bits} */ ({});
	for (const [ladder, step] of Object.entries({shapes: 'baseline', grey: 'everything'})) {
		const run = [`${inside}/${ladder}`, '--step', step, '--epochs', '2', '--out', `${inside}/runs/${ladder}`];
		type('train', '--quiet', '--limit-train', '300', '--limit-test', '100', '--ladder', ...run);
		const left = onlyFolder(path.join(folder, 'runs', ladder, step));
		const model = `${inside}/runs/${ladder}/${step}/${path.basename(left)}/model.safetensors`;
		const data =
			ladder === 'grey' ? 'grey/data' : `cache/data/${path.basename(onlyFolder(path.join(folder, 'cache/data')))}`;
		const images = `${inside}/${data}/t10k-images-idx${ladder === 'grey' ? 3 : 4}-ubyte:0-49`;
		const events = readFileSync(path.join(left, 'events.jsonl'), 'utf8').replaceAll(/,"seconds":[\d.e-]+/g, '');
		bits[`${ladder}: model`] = hash(readFileSync(path.join(left, 'model.safetensors')));
		bits[`${ladder}: epochs`] = hash(events);
		bits[`${ladder}: predictions of the last epoch`] = hash(readFileSync(path.join(left, 'predictions.json')));
		bits[`${ladder}: predict`] = hash(withoutNames(type('predict', model, images, '--json')));
	}

	return bits;
};

/**
 * The bits of a prediction from a PNG, where this platform's sharp runs.
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
			cwd: '/', // every place has it
			env: {...env, STEPLADDER_CACHE: `${inside}/cache`, ...(instructionSet && {STEPLADDER_ISA: instructionSet})},
			stdio: ['ignore', stdout, stderr],
			timeout: 900_000,
		});
		closeSync(stdout);
		closeSync(stderr);
		if (status !== 0) {
			const reason = error?.message ?? whatWentWrong(readFileSync(errors, 'utf8')) ?? `exit code ${status}`;
			throw new ToolFailed(`\`stepladder ${words[0]}\` failed: ${reason}`);
		}

		return readFileSync(printed, 'utf8');
	};

const main = 'node_modules/stepladder/dist/ts/cli/main.js';

/** The line that says it, among those of a stack. @param {string} errors */
const whatWentWrong = errors => {
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

/** Predictions name their images by paths, which differ between places. @param {string} lines */
const withoutNames = lines =>
	lines
		.trim()
		.split('\n')
		.map(line => JSON.stringify({...JSON.parse(line), image: undefined}))
		.join('\n');

/** @param {string | Buffer} content */
const hash = content => createHash('sha256').update(content).digest('hex');
