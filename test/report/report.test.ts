/// <reference lib="dom" />
import {readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import type {Browser, Page} from 'puppeteer-core';
import {html} from '../../ts/report/page/html.js';
import {startBrowser} from '../helpers/chromium.js';
import {cli} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {ladder} from '../helpers/mnist.js';

const {steps} = ladder;

const written = async (t: ExecutionContext): Promise<string> => {
	const folder = temporaryFolder(t);
	const {exitCode, stderr} = await cli('report', '--out', folder);
	t.is(exitCode, 0, stderr);
	return folder;
};

const inBrowser = async (work: (browser: Browser) => Promise<void>): Promise<void> => {
	const browser = await startBrowser();
	try {
		await work(browser);
	} finally {
		await browser.close();
	}
};

/** Opens a page, and collects what it asks for and complains about. */
const open = async (page: Page, file: string): Promise<{requests: string[]; complaints: string[]}> => {
	const [requests, complaints]: [string[], string[]] = [[], []];
	page.on('request', request => requests.push(request.url()));
	page.on('console', message => complaints.push(message.text()));
	page.on('pageerror', error => complaints.push(String(error)));
	await page.goto(pathToFileURL(file).href, {waitUntil: 'load'});
	return {requests: requests.filter(url => !url.startsWith('data:')), complaints};
};

test('the page shows every recorded step with its text, charts, layers and mistakes, and asks for nothing', async t => {
	const file = path.join(await written(t), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		const {requests, complaints} = await open(page, file);
		t.deepEqual(requests, [pathToFileURL(file).href]);
		t.deepEqual(complaints, []);
		const chapters = await page.$$eval('h2', heads => heads.map(head => head.textContent));
		t.deepEqual(
			chapters,
			steps.map(({name}, position) => `${position}. ${name}`),
		);
		const counts = await page.evaluate(() => ({
			charts: document.querySelectorAll('figure > svg.marks').length,
			fields: document.querySelectorAll('svg image').length,
			confusions: document.querySelectorAll('table.confusion').length,
			claims: [...document.querySelectorAll('dl')].map(list => list.querySelectorAll('li').length),
			mistakes: [...document.querySelectorAll('ul.mistakes')].map(list => list.children.length),
			undrawn: [...document.querySelectorAll('.image')].filter(
				digit => !getComputedStyle(digit).backgroundImage.startsWith('url("data:image/png'),
			).length,
		}));
		t.is(counts.charts, steps.length + 1);
		t.deepEqual([counts.fields, counts.confusions, counts.undrawn], [steps.length, steps.length, 0]);
		t.true(
			counts.claims.every(count => count > 0),
			String(counts.claims),
		);
		t.true(
			counts.mistakes.every(count => count > 30),
			String(counts.mistakes),
		);
		t.regex(
			await page.$eval('body', body => body.innerText),
			/At least 99\.40 % of the test images in each of the last 5 epochs/,
		);
	});
});

test('the page fits a phone, and follows a dark system', async t => {
	const file = path.join(await written(t), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await page.setViewport({width: 390, height: 844});
		await open(page, file);
		await page.$$eval('details', all => {
			for (const details of all) {
				details.open = true;
			}
		});
		t.true((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
		const paper = async (scheme: string): Promise<string> => {
			await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
			return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
		};
		t.is(await paper('light'), 'rgb(255, 255, 255)');
		t.is(await paper('dark'), 'rgb(19, 19, 22)');
	});
});

test('the Markdown page has a chapter a step, and both pages stay small', async t => {
	const folder = await written(t);
	const text = readFileSync(path.join(folder, 'report.md'), 'utf8');
	t.deepEqual(
		text.match(/^## .*$/gm),
		steps.map(({name}, position) => `## ${position}. ${name}`),
	);
	t.true(statSync(path.join(folder, 'report.html')).size < 3 * 2 ** 20);
});

test('whatever comes from outside is escaped', t => {
	const hostile = `</code><script>alert("&")</script>'`;
	t.is(
		html`<b title="${hostile}">${[hostile, 1, undefined]}</b>`.text,
		`<b title="&lt;/code&gt;&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;&#39;">&lt;/code&gt;&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;&#39;1</b>`,
	);
});
