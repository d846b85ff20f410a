import assert from 'node:assert/strict';
import {once} from 'node:events';
import process from 'node:process';
import test, {after, before} from 'node:test';
import {launch} from 'puppeteer-core';
import {runsFolder, startServer} from '../helpers/start-server.js';

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
let server;

before(async () => {
	server = startServer({RUNS: await runsFolder({after})});
	await server.url();
});

after(() => Promise.all([browser?.close(), server.end()]));

/** Opens the page; a complaint of the browser fails the test. */
const openPage = async (t, {width = 1280, height = 900, hasTouch = false, scheme = 'light'} = {}) => {
	const page = await browser.newPage();
	const complaints = [];
	page.on('console', message => complaints.push(message.text()));
	page.on('pageerror', error => complaints.push(String(error)));
	t.after(async () => {
		await page.close();
		assert.deepEqual(complaints, []);
	});
	await page.setViewport({width, height, hasTouch});
	await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
	await page.goto(await server.url());
	return page;
};

/** Opens the page once the net is ready. */
const openReady = async (t, options) => {
	await server.says(/is ready/);
	const page = await openPage(t, options);
	await answers(page, 'Draw a digit from 0 to 9.');
	return page;
};

const answers = (page, sentence) =>
	page.waitForFunction(text => document.getElementById('answer').textContent === text, {}, sentence);

const arc = (x, y, width, height, from, to) =>
	Array.from({length: 25}, (_, index) => {
		const angle = ((from + ((to - from) * index) / 24) * Math.PI) / 180;
		return [x + width * Math.cos(angle), y + height * Math.sin(angle)];
	});

/** Strokes as a hand would draw them, in shares of the paper's side; angles go clockwise from the right. */
const digits = [
	[arc(0.5, 0.5, 0.2, 0.3, -90, 270)],
	[
		[
			[0.5, 0.2],
			[0.5, 0.8],
		],
	],
	[[...arc(0.5, 0.36, 0.18, 0.16, 190, 390), [0.3, 0.8], [0.72, 0.8]]],
	[[...arc(0.48, 0.35, 0.17, 0.15, 200, 450), ...arc(0.48, 0.65, 0.2, 0.15, -90, 160)]],
	[
		[
			[0.42, 0.2],
			[0.3, 0.55],
			[0.7, 0.55],
		],
		[
			[0.62, 0.2],
			[0.62, 0.82],
		],
	],
	[[[0.68, 0.2], [0.38, 0.2], [0.36, 0.48], ...arc(0.48, 0.62, 0.2, 0.18, -130, 140)]],
	[[[0.6, 0.18], [0.4, 0.45], ...arc(0.5, 0.65, 0.16, 0.16, 190, 550)]],
	[
		[
			[0.3, 0.22],
			[0.7, 0.22],
			[0.45, 0.8],
		],
	],
	[[...arc(0.5, 0.35, 0.14, 0.15, 90, 450), ...arc(0.5, 0.65, 0.17, 0.16, -90, 270)]],
	[[...arc(0.48, 0.36, 0.16, 0.16, 0, 360), [0.64, 0.36], [0.6, 0.82]]],
];

/** Draws strokes by the mouse. */
const draw = async (page, strokes) => {
	const {x, y, width} = await (await page.$('#paper')).boundingBox();
	const at = ([left, top]) => [x + left * width, y + top * width];
	for (const [first, ...rest] of strokes) {
		await page.mouse.move(...at(first));
		await page.mouse.down();
		for (const point of rest) {
			await page.mouse.move(...at(point), {steps: 4});
		}

		await page.mouse.up();
	}
};

const shares = page => page.$$eval('#bars li', rows => rows.map(row => row.lastElementChild.textContent));

test('the page shows how the training goes, and answers what was drawn meanwhile', {skip}, async t => {
	const page = await openPage(t);
	await page.waitForFunction(() => document.getElementById('training-bar').value > 0);
	assert.ok(await (await page.$('#training')).isVisible());
	assert.match(await page.$eval('#training', label => label.innerText), /^Pass 1 of 1 over 60,000/);
	await answers(page, 'The net is still learning.');
	await draw(page, digits[7]);
	await answers(page, 'This is a 7.');
	assert.ok(await (await page.$('#training')).isHidden());
	assert.match(await page.$eval('#net', net => net.innerText), /6,720 parameters.*9[89]\.\d\d %/);
});

for (const [digit, strokes] of digits.entries()) {
	const named = `${digit === 8 ? 'an' : 'a'} ${digit}`;
	test(`a drawn ${digit} is ${named}`, {skip}, async t => {
		const page = await openReady(t);
		await draw(page, strokes);
		await answers(page, `This is ${named}.`);
		assert.ok(Number.parseInt((await shares(page))[digit], 10) >= 80);
		const likeliest = await page.$$eval('#bars .likeliest', rows => rows.map(row => row.firstElementChild.textContent));
		assert.deepEqual(likeliest, [String(digit)]);
	});
}

test('a finger draws on a phone, and the page neither scrolls nor is wider than it', {skip}, async t => {
	const page = await openReady(t, {width: 390, height: 844, hasTouch: true});
	const {x, y, width} = await (await page.$('#paper')).boundingBox();
	await page.touchscreen.touchStart(x + 0.3 * width, y + 0.22 * width);
	for (const [left, top] of [
		[0.5, 0.22],
		[0.7, 0.22],
		[0.6, 0.4],
		[0.53, 0.6],
		[0.45, 0.8],
	]) {
		await page.touchscreen.touchMove(x + left * width, y + top * width);
	}

	await page.touchscreen.touchEnd();
	await answers(page, 'This is a 7.');
	assert.deepEqual(await page.evaluate(() => [scrollY, document.documentElement.scrollWidth]), [0, 390]);
});

test('the keyboard clears the paper, and the next digit is another', {skip}, async t => {
	const page = await openReady(t);
	await draw(page, digits[3]);
	await answers(page, 'This is a 3.');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Clear');
	await page.keyboard.press('Enter');
	await answers(page, 'Draw a digit from 0 to 9.');
	assert.deepEqual(await shares(page), Array(10).fill(''));
	await draw(page, digits[1]);
	await answers(page, 'This is a 1.');
});

test('an answer that comes after the paper was cleared is not shown', {skip}, async t => {
	const page = await openReady(t);
	await page.evaluate(() => {
		const answer = document.getElementById('answer');
		window.told = [];
		new MutationObserver(() => window.told.push(answer.textContent)).observe(answer, {childList: true});
	});
	await page.setRequestInterception(true);
	const asked = once(page, 'request');
	await draw(page, digits[1]);
	const [late] = await asked;
	await page.click('#clear');
	page.on('request', request => request.continue());
	const probabilities = Array.from({length: 10}, (_, digit) => (digit === 3 ? 1 : 0));
	await late.respond({contentType: 'application/json', body: JSON.stringify({probabilities})});
	await draw(page, digits[1]);
	await answers(page, 'This is a 1.');
	const told = await page.evaluate(() => window.told);
	assert.ok(!told.some(sentence => sentence.includes('3')), told.join(' '));
});

test('an answer is read aloud, and follows a dark system', {skip}, async t => {
	const page = await openReady(t, {scheme: 'dark'});
	assert.deepEqual(await page.$eval('#answer', ({role, ariaLive}) => [role, ariaLive]), ['status', 'polite']);
	const ground = scheme =>
		page
			.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}])
			.then(() => page.$eval('body', body => getComputedStyle(body).backgroundColor));
	assert.deepEqual(await Promise.all([await ground('dark'), await ground('light')]), [
		'rgb(20, 20, 18)',
		'rgb(246, 245, 242)',
	]);
});
