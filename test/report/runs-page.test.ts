/// <reference lib="dom" />
import assert from 'node:assert/strict';
import {cpSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import test from 'ava';
import {sealedConfig} from '../helpers/forger.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {accessibility, inBrowser, legibility, open} from '../helpers/page.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

let own: Promise<OwnLadder> | undefined;

/**
 * Trains once for all tests, which don't modify the runs: eight seeds of a step, two of a trial, one of another net, and
 * one interrupted run.
 */
const trained = async (): Promise<OwnLadder> => {
	own ??= (async () => {
		const ladder = tinyLadder({teardown: end => process.once('exit', end)});
		const run = async (...words: string[]): Promise<void> => {
			const {exitCode, stderr} = await ladder.run(words);
			assert.equal(exitCode, 0, stderr);
		};
		const train = ['train', '--step', 'tiny', '--quiet'];
		await run(...train, '--seeds', '1-8', '--out', 'runs/eight');
		await run(...train, '--seeds', '1,2', '--set', 'schedule.learningRate=0.002', '--out', 'runs/slow');
		await run(...train, '--seeds', '9', '--set', 'net.block.norm=none', '--out', 'runs/plain');
		const slow = path.join(ladder.folder, 'runs', 'slow', 'tiny');
		const second = readdirSync(slow).find(name => name.endsWith('-s2')) ?? '';
		const cut = path.join(ladder.folder, 'runs', 'slow', 'tiny', 'cut');
		cpSync(path.join(slow, second), cut, {recursive: true});
		rmSync(path.join(cut, 'result.json'));
		const as3 = (file: string): string =>
			ladder.read(`runs/slow/tiny/cut/${file}`).replaceAll(/"seed":( ?)2/g, '"seed":$13');
		ladder.write('runs/slow/tiny/cut/config.json', sealedConfig(as3('config.json')));
		const [first, other] = as3('events.jsonl').split('\n');
		ladder.write('runs/slow/tiny/cut/events.jsonl', `${first}\n${other}\n{"type":"epo`); // interrupted while writing
		await run('report', 'runs', '--out', 'page');
		await run('report', 'runs/eight', '--out', 'eight');
		return ladder;
	})();
	return own;
};

test('a report of runs has a table, curves, differing settings, and comparisons', async t => {
	const ladder = await trained();
	await inBrowser(async browser => {
		const page = await browser.newPage();
		const file = path.join(ladder.folder, 'page', 'runs.html');
		const {requests, complaints} = await open(page, file);
		t.deepEqual(requests, [pathToFileURL(file).href]);
		t.deepEqual(complaints, []);
		t.is(
			await page.$eval('.headline', element => element.textContent),
			'12 runs with 3 different settings. 1 has not finished.',
		);
		const rows = await page.$eval('table', table =>
			[...table.querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.textContent)),
		);
		t.is(rows.length, 12);
		t.deepEqual(rows[0]?.slice(0, 2), ['tiny', '1']);
		t.deepEqual(rows[0]?.slice(4, 7), ['4/4', 'finished', 'no']);
		const cut = rows.find(row => row.includes('unfinished'));
		t.deepEqual(cut?.slice(0, 2), ['tiny', '3']);
		t.deepEqual(cut?.slice(3, 7), ['-', '2/4', 'unfinished', 'schedule.learningRate 0.002']);

		const drawn = await page.$$eval('.panels svg', charts =>
			charts.map(chart => chart.querySelectorAll('.mark-line path').length),
		);
		// a mean for each of the three; all twelve runs on demand
		t.deepEqual(drawn, [...Array.from({length: 6}, () => 3), ...Array.from({length: 6}, () => 12)]);
		const bands = await page.$$eval('.panels svg', charts =>
			charts.map(chart => chart.querySelectorAll('.mark-area path').length),
		);
		t.deepEqual(bands.slice(0, 6), [2, 2, 2, 2, 2, 0], 'a band where seeds differ');
		const legend = await page.$$eval('.legend li', items => items.map(item => item.textContent));
		t.deepEqual(legend.slice(0, 3), [
			'tiny',
			'tiny, trial schedule.learningRate 0.002',
			'tiny, trial net.block.norm none',
		]);
		const text = await page.evaluate(() => document.body.innerText);
		t.regex(
			text,
			/What differs from tiny\n+tiny, trial schedule\.learningRate 0\.002\n+schedule, learning rate 0\.01 -> 0\.002\n/,
		);
		t.regex(text, /tiny, trial schedule\.learningRate 0\.002 against tiny, over 2 common seeds\n/);
		t.regex(text, /No common seed: tiny, trial net\.block\.norm none has 9; tiny has 1, 2, /);
	});
	const markdown = ladder.read('page/runs.md');
	t.regex(markdown, /^# Runs\n\n\*\*12 runs with 3 different settings\. 1 has not finished\.\*\*\n\n\| Step \| Seed /);
	t.regex(markdown, /\n### tiny, trial schedule\.learningRate 0\.002 against tiny, over 2 common seeds\n\n\| Measure /);
	t.regex(markdown, /\n- schedule, learning rate: 0\.01 -> 0\.002\n/);
});

test('an unfinished run is drawn up to its last epoch', async t => {
	const ladder = await trained();
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await open(page, path.join(ladder.folder, 'page', 'runs.html'));
		const ends = await page.$eval('details .panels svg', chart =>
			[...chart.querySelectorAll('.mark-line path')].map(line => (line.getAttribute('d') ?? '').match(/[ML]/g)?.length),
		);
		t.deepEqual(ends.toSorted(), [2, ...Array.from({length: 11}, () => 4)]);
	});
});

test('a run without a finished epoch is reported without charts', async t => {
	const ladder = await trained();
	ladder.copy('runs/slow/tiny/cut', 'begun/run');
	ladder.write('begun/run/events.jsonl', '');
	const {exitCode, stderr} = await ladder.run(['report', 'begun', '--out', 'just']);
	t.is(exitCode, 0, stderr);
	const html = ladder.read('just/runs.html');
	t.true(html.includes('A run of tiny, trial schedule.learningRate 0.002. It has not finished.'));
	t.true(html.includes('<p>No epoch has finished yet.</p>'));
	t.false(html.includes('<svg'));
});

test('eight seeds of one step have eight different line styles, each in the legend', async t => {
	const ladder = await trained();
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await open(page, path.join(ladder.folder, 'eight', 'runs.html'));
		const looks = await page.$eval('.panels svg', chart =>
			[...chart.querySelectorAll('.mark-line path')].map(
				line => `${line.getAttribute('stroke')} ${line.getAttribute('stroke-dasharray')}`,
			),
		);
		t.is(looks.length, 8);
		t.is(new Set(looks).size, 8);
		const signs = await page.$$eval('.legend .stroke', all => all.map(sign => getComputedStyle(sign).background));
		t.is(signs.length, 8);
		t.is(new Set(signs).size, 8);
	});
});

for (const width of [1280, 700, 390]) {
	test(`at ${width} pixels a report of runs is legible and fits the page`, async t => {
		const ladder = await trained();
		await inBrowser(async browser => {
			const page = await browser.newPage();
			await page.setViewport({width, height: 900});
			for (const folder of ['page', 'eight']) {
				await open(page, path.join(ladder.folder, folder, 'runs.html'));
				await page.$$eval('details', all => {
					for (const details of all) {
						details.open = true;
					}
				});
				const charts = folder === 'page' ? 12 : 6;
				t.deepEqual(await legibility(page), {charts, small: [], overlapping: [], wide: []});
			}
		});
	});
}

for (const scheme of ['light', 'dark']) {
	test(`axe finds no violations on the ${scheme} report of runs, and every picture has a label`, async t => {
		const ladder = await trained();
		await inBrowser(async browser => {
			const page = await browser.newPage();
			await page.setViewport({width: 390, height: 844});
			await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
			await open(page, path.join(ladder.folder, 'page', 'runs.html'));
			t.deepEqual(await accessibility(page), {violations: [], unlabelled: 0});
		});
	});
}

test('on a phone, accuracy and held are in sight', async t => {
	const ladder = await trained();
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await page.setViewport({width: 390, height: 844});
		await open(page, path.join(ladder.folder, 'page', 'runs.html'));
		const right = await page.$$eval('table', tables =>
			tables.flatMap(table =>
				[...table.querySelectorAll('th')]
					.filter(({textContent}) => ['Test %', 'Held'].includes(textContent ?? ''))
					.map(head => head.getBoundingClientRect().right),
			),
		);
		t.is(right.length, 4);
		t.true(
			right.every(edge => edge <= 390),
			String(right),
		);
	});
});

test('a report of missing runs fails with the reason and writes no files', async t => {
	const ladder = await trained();
	const {exitCode, stderr} = await ladder.run(['report', 'none', '--out', 'nowhere']);
	t.is(exitCode, 2);
	t.regex(stderr, /^stepladder: there is no folder none; there is no step "none" in Bars: its steps are tiny$/);
	t.false(readdirSync(ladder.folder).includes('nowhere'));
});
