/// <reference lib="dom" />
import {appendFileSync, cpSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import sharp from 'sharp';
import {runSource} from '../../ts/live/run-source.js';
import {serveLive} from '../../ts/live/serve-live.js';
import {html} from '../../ts/report/page/html.js';
import {listRuns} from '../../ts/runs/list-runs.js';
import {OwnLadder} from '../helpers/own-ladder.js';
import {accessibility, inBrowser, legibility} from '../helpers/page.js';

const definition = `import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'Shades', data: imageFolder('photos', {size: 8})});
`;

const step = `import {defineStep} from 'stepladder';
export default defineStep({
	name: 'shades',
	experiment: {
		net: {
			channels: 3, size: 8, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [{kind: 'average-pool', kernel: 8}, {kind: 'block', channels: 4, kernel: 1, padding: 0}],
			head: [{kind: 'conv', channels: 2, kernel: 1, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.1},
		labelSmoothing: 0, batchSize: 4, epochs: 8,
	},
	target: {why: 'Shades differ.', testAccuracy: 0.5, heldFor: 1, maxParameters: 100, maxEpochs: 8},
});
`;

/** A wide photo of one shade of red, 0 to 255. */
const photo = async (red: number): Promise<Buffer> =>
	sharp({create: {width: 16, height: 12, channels: 3, background: {r: red, g: 20, b: 20}}})
		.png()
		.toBuffer();

let own: Promise<OwnLadder> | undefined;

/** Trains two seeds on photos with a validation set, of which two are in the wrong folder. */
const trained = async (): Promise<OwnLadder> => {
	own ??= (async () => {
		const ladder = new OwnLadder(
			{teardown: end => process.once('exit', end)},
			{'ladder.ts': definition, 'steps/0-shades.ts': step},
		);
		for (const set of ['train', 'validation', 'test']) {
			for (let index = 0; index < 12; index += 1) {
				const shift = index + {train: 0, validation: 12, test: 24}[set as 'train'];
				ladder.write(`photos/${set}/dark/d${index}.png`, await photo(30 + shift));
				ladder.write(`photos/${set}/light/l${index}.png`, await photo(250 - shift));
			}
		}

		ladder.write('photos/validation/dark/IMG_<i>77.png', await photo(254));
		ladder.write('photos/validation/dark/IMG_78.png', await photo(200));
		const {exitCode, stderr} = await ladder.run(['train', '--step', 'shades', '--seeds', '1,2', '--quiet']);
		if (exitCode !== 0) {
			throw new Error(stderr);
		}

		return ladder;
	})();
	return own;
};

test('curves grow while the page is open, and the page says when the command has ended', async t => {
	const ladder = await trained();
	const [folder = ''] = listRuns(path.join(ladder.folder, 'runs')).map(({folder}) => folder);
	const run = path.join(ladder.folder, 'growing');
	cpSync(folder, run, {recursive: true});
	const lines = readFileSync(path.join(run, 'events.jsonl'), 'utf8').trimEnd().split('\n');
	rmSync(path.join(run, 'result.json'));
	writeFileSync(path.join(run, 'events.jsonl'), `${lines.slice(0, 3).join('\n')}\n`);
	const live = await serveLive(runSource('Training of shades', () => [run]));
	t.teardown(live.end);
	await inBrowser(async browser => {
		const page = await browser.newPage();
		const complaints: string[] = [];
		page.on('console', message => complaints.push(message.text()));
		page.on('pageerror', error => complaints.push(String(error)));
		await page.goto(live.address, {waitUntil: 'load'});
		const points = async (): Promise<number> =>
			page.$eval('.panels .mark-line path', line => line.getAttribute('d')?.match(/[ML]/g)?.length ?? 0);
		t.is(await points(), 3);
		await page.waitForFunction(() => document.querySelector('[role=status]')?.textContent?.startsWith('Live'));
		appendFileSync(path.join(run, 'events.jsonl'), `${lines.slice(3, 6).join('\n')}\n`);
		await page.waitForFunction(() => document.querySelector('td:nth-child(3)')?.textContent === '6/8');
		t.is(await points(), 6);
		appendFileSync(path.join(run, 'events.jsonl'), `${lines.slice(6).join('\n')}\n`);
		await live.end();
		await page.waitForFunction(() => document.querySelector('[role=status]')?.textContent?.includes('has ended'));
		t.is(await points(), 8, 'the last state arrives before the end');
		t.deepEqual(complaints, []);
	});
});

test('what a viewer has opened stays open when the content changes', async t => {
	let state = 0;
	const live = await serveLive({
		title: 'Numbers',
		version: () => String(state),
		draw: async () =>
			html`<details><summary>Seeds</summary><p>${state}</p></details><details><summary>More</summary></details>`,
	});
	t.teardown(live.end);
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await page.goto(live.address, {waitUntil: 'load'});
		await page.waitForFunction(() => document.querySelector('[role=status]')?.textContent?.startsWith('Live'));
		await page.click('summary');
		state = 1;
		await page.waitForFunction(() => document.querySelector('details p')?.textContent === '1');
		t.deepEqual(await page.$$eval('details', all => all.map(({open}) => open)), [true, false]);
	});
});

test('the validation images that a finished seed is most surely wrong about are shown, with their file names', async t => {
	const ladder = await trained();
	const folders = listRuns(path.join(ladder.folder, 'runs')).map(({folder}) => folder);
	const {text} = await runSource('Training of shades', () => folders).draw(new AbortController().signal);
	const items = [...text.matchAll(/<span class="file">([^<]*)<\/span><br>\n([^<]*)<\/li>/g)].map(([, file, words]) => [
		file,
		words,
	]);
	t.deepEqual(
		items.map(([file]) => file),
		['validation/dark/IMG_&lt;i&gt;77.png', 'validation/dark/IMG_78.png'],
	);
	t.regex(items[0]?.[1] ?? '', /^dark, as light with \d+ %$/);
	// without the bars that made the photo square
	const [, png = ''] = /class="photo" src="data:image\/png;base64,([^"]+)"/.exec(text) ?? [];
	const {width, height} = await sharp(Buffer.from(png, 'base64')).metadata();
	t.deepEqual([width, height], [8, 6]);
});

for (const [width, scheme] of [
	[1280, 'light'],
	[1280, 'dark'],
	[390, 'light'],
	[390, 'dark'],
] as const) {
	test(`at ${width} pixels the ${scheme} live page is legible, and axe finds no violations`, async t => {
		const ladder = await trained();
		const folders = listRuns(path.join(ladder.folder, 'runs')).map(({folder}) => folder);
		const live = await serveLive(runSource('Training of shades', () => folders));
		t.teardown(live.end);
		await inBrowser(async browser => {
			const page = await browser.newPage();
			await page.setBypassCSP(true); // axe is a script of the test
			await page.setViewport({width, height: 900});
			await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
			await page.goto(live.address, {waitUntil: 'load'});
			await page.waitForFunction(() => document.querySelector('[role=status]')?.textContent?.startsWith('Live'));
			t.deepEqual(await legibility(page), {charts: 8, small: [], overlapping: [], wide: []});
			t.deepEqual(await accessibility(page), {violations: [], unlabelled: 0});
			if (process.env['SCREENSHOTS']) {
				await page.screenshot({
					path: path.join(process.env['SCREENSHOTS'], `live-${width}-${scheme}.png`),
					fullPage: true,
				});
			}
		});
	});
}
