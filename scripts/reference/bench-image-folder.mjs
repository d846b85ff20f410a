// Times how fast a folder of small JPEGs becomes training data, by `imageFolder` and by torchvision's ImageFolder with two
// workers, one after the other in each round.
//
//     node scripts/reference/bench-image-folder.mjs --python venv/bin/python [--images 100000] [--rounds 3] [--folder DIR]
//
// The folder is made once, of 64 x 64 JPEGs in ten classes; both sides list it, decode and resize to 32 x 32. Ours has an empty
// cache in each round, and writes, hashes and surveys the images as well.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {parseArgs} from 'node:util';
import sharp from 'sharp';

const {values} = parseArgs({
	options: {
		python: {type: 'string', default: 'python3'},
		images: {type: 'string', default: '100000'},
		rounds: {type: 'string', default: '3'},
		folder: {type: 'string'},
	},
});
const images = Number(values.images);
const folder = values.folder ?? path.join(os.tmpdir(), `stepladder-jpegs-${images}`);
const size = 32;

/** Draws smooth shades with some noise, so that a JPEG is of a photo's size: two KiB. */
const draw = number =>
	Uint8Array.from({length: 64 * 64 * 3}, (_, index) => {
		const [x, y, c] = [Math.floor(index / 3) % 64, Math.floor(index / 192), index % 3];
		const mixed = Math.imul((index + 1) ^ Math.imul(number + 1, 0x9e3779b1), 0x85ebca6b);
		const noise = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 26; // 0 to 63
		return 96 + 60 * Math.sin(x / (3 + (number % 7)) + c) + 30 * Math.cos(y / (2 + (number % 5))) + noise;
	});

const makeFolder = async () => {
	for (const set of ['train', 'test']) {
		for (let label = 0; label < 10; label += 1) {
			mkdirSync(path.join(folder, set, `class${label}`), {recursive: true});
		}
	}

	let next = 0;
	const work = async () => {
		for (let number = next++; number < images; number = next++) {
			const set = number % 10 === 9 ? 'test' : 'train';
			const file = path.join(folder, set, `class${Math.floor(number / 10) % 10}`, `${number}.jpg`);
			await writeFile(
				file,
				await sharp(draw(number), {raw: {width: 64, height: 64, channels: 3}})
					.jpeg()
					.toBuffer(),
			);
		}
	};
	await Promise.all([work(), work(), work(), work()]);
};

const ours = () => {
	const cache = mkdtempSync(path.join(os.tmpdir(), 'stepladder-bench-'));
	const index = new URL('../../dist/ts/index.js', import.meta.url).href;
	const script = `
		const {imageFolder} = await import(${JSON.stringify(index)});
		const begun = performance.now();
		const {train, test} = await imageFolder(${JSON.stringify(folder)}, {size: ${size}}).open('.');
		const seconds = (performance.now() - begun) / 1000;
		process.stdout.write(JSON.stringify({images: train + test, seconds, cpu: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6, mib: process.resourceUsage().maxRSS / 1024}));`;
	try {
		return run(process.execPath, ['--input-type=module', '--eval', script], {STEPLADDER_CACHE: cache});
	} finally {
		rmSync(cache, {recursive: true});
	}
};

const theirs = () =>
	run(values.python, [new URL('bench_image_folder.py', import.meta.url).pathname, folder, String(size), '2']);

const run = (command, given, env = {}) => {
	const {stdout, stderr, status} = spawnSync(command, given, {encoding: 'utf8', env: {...process.env, ...env}});
	if (status !== 0) {
		throw new Error(stderr);
	}

	return JSON.parse(stdout.trim().split('\n').at(-1));
};

const shown = ({images, seconds, cpu, mib}) =>
	`${Math.round(images / seconds)} images/s, ${Math.round((1e6 * cpu) / images)} µs of CPU an image, ${Math.round(mib)} MiB`;

if (!existsSync(folder)) {
	await makeFolder();
}

const ratios = [];
for (let round = 1; round <= Number(values.rounds); round += 1) {
	const [a, b] = [ours(), theirs()];
	ratios.push(b.seconds / a.seconds);
	process.stdout.write(
		`round ${round}: imageFolder ${shown(a)}; torchvision ${shown(b)}; ratio ${ratios.at(-1).toFixed(2)}\n`,
	);
}

process.stdout.write(`median ratio ${ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)].toFixed(2)}\n`);
