/// <reference lib="dom" />
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import test from 'ava';
import {openLadder, reportLadders} from '../../ts/index.js';
import {writeIdx} from '../helpers/idx.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {accessibility, inBrowser, legibility, open} from '../helpers/page.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const source = 'a paper of 2020, best epoch of one seed';

let made: Promise<Record<'wide' | 'narrow' | 'other' | 'empty', OwnLadder>> | undefined;

/**
 * Records once for all tests, which don't modify it: two ladders on the same images, the second with a smaller net and a larger one that hardly learns, one on
 * other images, and one without a record.
 */
const ladders = async () => {
	made ??= (async () => {
		const tiny = (): OwnLadder => tinyLadder({teardown: end => process.once('exit', end)});
		const [wide, narrow, other, empty] = [tiny(), tiny(), tiny(), tiny()];
		const name = (ladder: OwnLadder, name: string, more: string): void =>
			ladder.write('ladder.ts', ladder.read('ladder.ts').replace(`'Bars',`, `'${name}', ${more}`));
		const published = `published: [{name: 'LeNet', parameters: 60_000, accuracy: 0.9, source: '${source}'}],`;
		name(wide, 'Wide', `target: {testAccuracy: 0.5, heldFor: 2, maxParameters: 2000}, ${published}`);
		name(narrow, 'Narrow', `target: {testAccuracy: 0.5, maxParameters: 900}, ${published}`);
		name(other, 'Other images', '');
		narrow.write(
			'steps/1-half.ts',
			narrow.read('steps/0-tiny.ts').replace("'tiny'", "'half'").replace('channels: 4', 'channels: 2'),
		);
		narrow.write(
			'steps/2-double.ts',
			narrow
				.read('steps/0-tiny.ts')
				.replace("'tiny'", "'double'")
				.replace('channels: 4', 'channels: 6')
				.replace('learningRate: 0.01', 'learningRate: 0.0001'),
		);
		writeIdx(path.join(other.folder, 'data'), 300, 50);
		const record = async (ladder: OwnLadder, step: string, seeds: string): Promise<void> => {
			const {exitCode, stderr} = await ladder.run(['record', '--step', step, '--seeds', seeds]);
			assert.equal(exitCode, 0, stderr);
		};
		await record(wide, 'tiny', '1,2');
		await record(narrow, 'half', '1,2,3');
		await record(narrow, 'double', '4');
		await record(other, 'tiny', '1');
		const {exitCode, stderr} = await wide.run([
			'report',
			wide.folder,
			narrow.folder,
			other.folder,
			empty.folder,
			'--out',
			'out',
		]);
		assert.equal(exitCode, 0, stderr);
		return {wide, narrow, other, empty};
	})();
	return made;
};

/** Computes from a record's epochs: the mean over seeds of the last five epochs, and the lowest of these, in percent. */
const measure = (csv: string): {readonly values: number[]; readonly mean: number; readonly lowest: number} => {
	const [head = '', ...rows] = csv.trim().split('\n');
	const at = (name: string): number => head.split(',').indexOf(name);
	const bySeed = new Map<string, number[]>();
	for (const row of rows.map(line => line.split(','))) {
		const seed = row[at('seed')] ?? '';
		bySeed.set(seed, [...(bySeed.get(seed) ?? []), (100 * Number(row[at('testCorrect')])) / 60]);
	}

	const last = [...bySeed.values()].map(values => values.slice(-5));
	const values = last.map(values => values.reduce((sum, value) => sum + value, 0) / values.length);
	return {
		values,
		mean: values.reduce((sum, value) => sum + value, 0) / values.length,
		lowest: Math.min(...last.flat()),
	};
};

const tableOf = (markdown: string, head: string): string[][] =>
	(markdown.split('\n\n').find(part => part.startsWith(`| ${head} |`)) ?? '')
		.split('\n')
		.slice(2)
		.map(line =>
			line
				.split('|')
				.map(cell => cell.trim())
				.slice(1, -1),
		);

test('several ladders are one table for each data set: each recorded step with its figures, and whether it is on the front', async t => {
	const {wide, narrow} = await ladders();
	const markdown = wide.read('out/ladders.md');
	t.regex(
		markdown,
		/^# Accuracy against parameters\n\n\*\*4 recorded steps of 4 ladders on 2 data sets, which are shown one by one/,
	);
	const [first = '', second = ''] = markdown.split('\n## ').slice(1);
	const rows = tableOf(first, 'Step');
	const expected = [
		{step: 'half', ladder: 'Narrow', parameters: 532, ...measure(narrow.read('records/1-half/epochs.csv'))},
		{step: 'tiny', ladder: 'Wide', parameters: 1054, ...measure(wide.read('records/0-tiny/epochs.csv'))},
		{step: 'double', ladder: 'Narrow', parameters: 1576, ...measure(narrow.read('records/2-double/epochs.csv'))},
	];
	const down = (value: number): string => (Math.floor(100 * value + 1e-9) / 100).toFixed(2);
	t.deepEqual(
		rows.map(([step, parameters, mean, , ladder, lowest, isFront]) => [
			step,
			parameters,
			mean?.split(' ')[0],
			ladder,
			lowest,
			isFront,
		]),
		expected.map(({step, ladder, parameters, mean, lowest}) => {
			const isBeaten = // by plain comparison of all
				expected.some(other => other.step !== step && other.parameters <= parameters && other.mean >= mean);
			return [step, parameters.toLocaleString('en'), down(mean), ladder, down(lowest), isBeaten ? 'no' : 'yes'];
		}),
	);
	t.deepEqual(
		rows.map(row => row[6]),
		['yes', 'yes', 'no'],
	);
	t.deepEqual(
		rows.map(row => row.slice(7, 9)),
		[
			['3', '4'],
			['2', '4'],
			['1', '4'],
		],
	);
	const [, tiny] = expected;
	const half = (12.706 * Math.abs((tiny?.values[0] ?? 0) - (tiny?.values[1] ?? 0))) / 2; // t of one degree of freedom; deviation / sqrt(2)
	const [, low, high] = /\((.+) to (.+)\)/.exec(rows[1]?.[2] ?? '') ?? [];
	t.true(Math.abs(Number(low) - Math.max(0, (tiny?.mean ?? 0) - half)) < 0.03, `${rows[1]?.[2]} ${half}`);
	t.true(Math.abs(Number(high) - Math.min(100, (tiny?.mean ?? 0) + half)) < 0.03, `${rows[1]?.[2]} ${half}`);
	t.notRegex(rows[2]?.[2] ?? '', /\(/, 'a single seed has no interval');
	t.deepEqual(tableOf(first, 'Published'), [['LeNet', '60,000', '90.00', source]], 'once, though two ladders list it');
	t.deepEqual(
		tableOf(second, 'Step').map(([step, , , , ladder]) => [step, ladder]),
		[['tiny', 'Other images']],
	);
	t.deepEqual(tableOf(second, 'Published'), []);
	t.regex(markdown, /\nBars has no point: none of its steps has a record that can be read\.\n/);
	t.regex(markdown, /- \*\*Narrow\*\*: .*reach/);
});

test('the picture has a mark per step and ladder, the front, goals as lines, and hollow marks for results of others', async t => {
	const {wide} = await ladders();
	const file = path.join(wide.folder, 'out', 'ladders.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		const {requests, complaints} = await open(page, file);
		t.deepEqual(requests, [pathToFileURL(file).href]);
		t.deepEqual(complaints, []);
		const charts = await page.$$eval('figure .for-wide svg', all =>
			all.map(chart => {
				const marks = (kind: string) =>
					[...chart.querySelectorAll(`.mark-${kind}.role-mark`)].map(layer =>
						[...layer.querySelectorAll('path, line')].map(mark => [
							getComputedStyle(mark).fill,
							mark.getAttribute('stroke'),
						]),
					);
				return {rules: marks('rule').map(layer => layer.length), lines: marks('line').length, symbols: marks('symbol')};
			}),
		);
		const [first, second] = charts;
		t.deepEqual(first?.rules, [1, 2, 2], 'one accuracy, two budgets, two intervals: the third step has a single seed');
		t.is(first?.lines, 1);
		const [others = [], steps = []] = first?.symbols ?? [];
		t.deepEqual(others, [['none', 'currentColor']], 'hollow');
		t.is(new Set(steps.map(([fill]) => fill)).size, 2, 'a colour for each ladder');
		t.is(steps.length, 3);
		t.deepEqual(second?.symbols.flat().length, 1);
		const legend = await page.$$eval('.legend', ([list]) => [...(list?.children ?? [])].map(item => item.textContent));
		t.deepEqual(legend, [
			...['Wide', 'Narrow', '95 % interval over seeds', 'front: the best with so many parameters or fewer'],
			...[
				'goal of Wide and of Narrow: 50.00 %',
				'goal of Wide: at most 2,000 parameters',
				'goal of Narrow: at most 900 parameters',
			],
			'published by others',
		]);
	});
});

for (const width of [1280, 640, 390, 320]) {
	test(`a report of ladders is legible and accessible at ${width} pixels, in light and dark`, async t => {
		const {wide} = await ladders();
		await inBrowser(async browser => {
			const page = await browser.newPage();
			await page.setViewport({width, height: 900});
			for (const value of ['light', 'dark']) {
				await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value}]);
				await open(page, path.join(wide.folder, 'out', 'ladders.html'));
				t.deepEqual(await legibility(page), {charts: 2, small: [], overlapping: [], wide: []});
				t.deepEqual(await accessibility(page), {violations: [], unlabelled: 0});
			}
		});
	});
}

test('one ladder that is named gives the report of it', async t => {
	const {wide, narrow} = await ladders();
	const {exitCode, stderr, stdout} = await narrow.run(['report', wide.folder, '--out', 'one']);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /report\.html/);
	t.regex(narrow.read('one/report.md'), /^# Wide\n/);
});

test('what is no ladder, named twice, without records or damaged is refused or left out with a sentence', async t => {
	const {wide, narrow, other, empty} = await ladders();
	const refused = async (...words: string[]): Promise<string> => {
		const {exitCode, stderr} = await wide.run(['report', ...words, '--out', 'refused']);
		t.is(exitCode, 2, stderr);
		return stderr.replaceAll(wide.folder, 'WIDE').replaceAll(narrow.folder, 'NARROW').replaceAll(empty.folder, 'EMPTY');
	};
	t.regex(
		await refused(wide.folder, 'data'),
		/^stepladder: there is no ladder\.ts in data, and others that you named are ladders: name folders of ladders alone/,
	);
	t.regex(await refused(wide.folder, 'gone'), /^stepladder: there is no folder gone, and others/);
	t.is(
		await refused(wide.folder, narrow.folder, `${wide.folder}/../${path.basename(wide.folder)}`),
		'stepladder: the ladder in . is named twice: name it once',
	);
	t.regex(await refused(empty.folder, empty.folder.replace(/$/, '/.')), /named twice/);
	t.regex(
		await refused(wide.folder, narrow.folder, '--ladder', other.folder),
		/^stepladder: name the ladders alone: `--ladder` is for a single one/,
	);
	t.regex(await refused(wide.folder, narrow.folder, '--exports', '.'), /^stepladder: `--exports` is for one ladder/);
	t.regex(
		await refused(wide.folder, narrow.folder, '--skip-damaged'),
		/^stepladder: `--skip-damaged` is for one ladder/,
	);

	const opened = await openLadder(empty.folder);
	await t.throwsAsync(reportLadders([opened], {out: 'refused'}), {
		code: 'setting',
		message: /^no step of the ladders in .+ has been recorded; try: /,
	});
	await t.throwsAsync(reportLadders([], {out: 'refused'}), {
		code: 'setting',
		message: /^`ladders` should be a list of ladders/,
	});

	const damaged = tinyLadder(t);
	damaged.write('records/0-tiny/record.json', '{}');
	damaged.write('records/0-tiny/promise.json', '{}');
	const {exitCode, stderr} = await wide.run(['report', wide.folder, damaged.folder, '--out', 'part']);
	t.is(exitCode, 5, stderr);
	t.regex(stderr, /^Step `tiny` of Bars has no point in the report: .*records/m);
	t.regex(wide.read('part/ladders.md'), /\nLeft out: `tiny` of Bars, whose record is damaged\.\n/);
});
