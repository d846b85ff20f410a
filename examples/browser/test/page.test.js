import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {after, before} from 'node:test';
import {pathToFileURL} from 'node:url';
import {launch} from 'puppeteer-core';

/** Chromium as CHROMIUM names it, or Chrome where it usually is. */
const startBrowser = async () => {
	const {CHROMIUM} = process.env;
	return launch({
		...(CHROMIUM ? {executablePath: CHROMIUM} : {channel: 'chrome'}),
		...{headless: 'shell', args: ['--no-sandbox', '--disable-gpu']},
	});
};

let browser;
try {
	browser = await startBrowser();
} catch (error) {
	if (process.env.CHROMIUM) {
		throw error;
	}
}

const skip = browser === undefined && 'no Chrome was found: name one by CHROMIUM=PATH npm test';
const example = path.join(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'example-browser-'));

before(() => {
	cpSync(path.join(example, 'index.html'), path.join(folder, 'index.html'));
	const made = spawnSync(process.execPath, ['make.js'], {
		...{cwd: example, encoding: 'utf8', env: {...process.env, EPOCHS: '2', OUT: folder}},
	});
	assert.equal(made.status, 0, made.stderr);
	assert.match(made.stdout, /: 0 of 10000 test images get another answer than by the model\./);
});

after(async () => {
	await browser?.close();
	rmSync(folder, {recursive: true, force: true});
});

/** Strokes in shares of the paper's side. */
const ring = Array.from({length: 41}, (_, index) => {
	const angle = (index * Math.PI) / 20;
	return [0.5 + 0.18 * Math.sin(angle), 0.5 - 0.28 * Math.cos(angle)];
});
const drawings = {
	0: ring,
	1: [
		[0.5, 0.2],
		[0.5, 0.8],
	],
	7: [
		[0.3, 0.25],
		[0.7, 0.25],
		[0.45, 0.8],
	],
};

test('a page that was opened from a file reads drawn digits', {skip}, async t => {
	const page = await browser.newPage();
	const complaints = [];
	const requests = [];
	page.on('console', message => complaints.push(message.text()));
	page.on('pageerror', error => complaints.push(String(error)));
	page.on('request', request => requests.push(request.url()));
	t.after(() => page.close());
	await page.goto(pathToFileURL(path.join(folder, 'index.html')).href);
	const {x, y, width, height} = await (await page.$('#paper')).boundingBox();
	for (const [digit, [[left, top], ...rest]] of Object.entries(drawings)) {
		await page.mouse.move(x + left * width, y + top * height);
		await page.mouse.down();
		for (const [left, top] of rest) {
			await page.mouse.move(x + left * width, y + top * height, {steps: 4});
		}

		await page.mouse.up();
		const answer = await page.$eval('#answer', element => element.textContent);
		assert.match(answer, new RegExp(`^${digit}, \\d+\\.\\d %$`));
		await page.click('#clear');
	}

	assert.deepEqual(complaints, []);
	assert.ok(
		requests.every(url => url.startsWith('file:') || url.startsWith('data:')),
		requests.join('\n'),
	);
});
