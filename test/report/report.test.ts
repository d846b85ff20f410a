/// <reference lib="dom" />
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import test from 'ava';
import {html} from '../../ts/report/page/html.js';
import {cli} from '../helpers/cli.js';
import {ladder} from '../helpers/mnist.js';
import {accessibility, inBrowser, legibility, open} from '../helpers/page.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const {steps} = ladder;

let folder: Promise<string> | undefined;

/** Writes the report once for all tests, which don't modify it. */
const written = async (): Promise<string> => {
	folder ??= (async () => {
		const out = mkdtempSync(path.join(os.tmpdir(), 'stepladder-report-'));
		process.once('exit', () => rmSync(out, {recursive: true, force: true}));
		const {exitCode, stderr} = await cli('report', '--out', out);
		assert.equal(exitCode, 0, stderr);
		return out;
	})();
	return folder;
};

test('the page shows every recorded step with its text, charts, layers and mistakes, and makes no requests', async t => {
	const file = path.join(await written(), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		const {requests, complaints} = await open(page, file);
		t.deepEqual(requests, [pathToFileURL(file).href]);
		t.deepEqual(complaints, []);
		const chapters = await page.$$eval('.step > h2', heads => heads.map(head => head.textContent));
		t.deepEqual(
			chapters,
			steps.map(({name}, position) => `${position}. ${name}`),
		);
		const counts = await page.evaluate(() => ({
			charts: document.querySelectorAll('.panels svg.marks').length,
			fields: [...document.querySelectorAll('svg image')].map(
				image => image.closest('.step')?.querySelector('h2')?.textContent,
			),
			confusions: document.querySelectorAll('table.confusion').length,
			claims: [...document.querySelectorAll('dl')].map(list => list.querySelectorAll('li').length),
			mistakes: [...document.querySelectorAll('ul.mistakes')].map(list => list.children.length),
			undrawn: [...document.querySelectorAll('.image')].filter(
				digit => !getComputedStyle(digit).backgroundImage.startsWith('url("data:image/png'),
			).length,
		}));
		t.is(counts.charts, 6 * steps.length);
		t.deepEqual([counts.confusions, counts.undrawn], [steps.length, 0]);
		t.deepEqual(counts.fields, ['0. basic-setup', '1. base-skeleton']);
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

test('the counts of a confusion add up to the test images of their class', async t => {
	const file = path.join(await written(), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await open(page, file);
		const tables = await page.$$eval('table.confusion', all =>
			all.map(table =>
				[...table.querySelectorAll('tbody tr')].map(row =>
					[...row.querySelectorAll('td')].reduce((sum, cell) => sum + Number(cell.textContent), 0),
				),
			),
		);
		t.is(tables.length, steps.length);
		// http://yann.lecun.com/exdb/mnist: test images of each digit
		const counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
		for (const sums of tables) {
			t.deepEqual(
				sums.map(sum => Number(sum.toFixed(6))),
				counts,
			);
		}
	});
});

test('the page fits a phone, and follows the system’s dark mode', async t => {
	const file = path.join(await written(), 'report.html');
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

test('the page opens with the step that reaches the goal, its seeds, size and target', async t => {
	const folder = await written();
	const opening =
		/weight-averaging`? reaches the goal: at least 99\.40 % of the test images in each of the last 5 epochs, with at most 8,000 parameters and 15 epochs\. 5 of 5 seeds held it\. It has 6,720 parameters/;
	t.regex(readFileSync(path.join(folder, 'report.md'), 'utf8').split('\n')[2] ?? '', opening);
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await open(page, path.join(folder, 'report.html'));
		t.regex(await page.$eval('h1 + *', element => element.textContent ?? ''), opening);
		t.is(await page.$eval('main table', element => element.querySelectorAll('tbody tr').length), steps.length);
	});
});

test('changes are printed in words, and no figure is a negative zero', async t => {
	const folder = await written();
	const markdown = readFileSync(path.join(folder, 'report.md'), 'utf8');
	t.true(markdown.includes('- dropout: 0 -> 0.03\n'));
	t.true(markdown.includes('- averaging: none -> decay '));
	t.regex(markdown, /- schedule: constant \(learning rate 0\.01\) -> one-cycle \(max learning rate 0\.1, /);
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await open(page, path.join(folder, 'report.html'));
		const text = await page.evaluate(() => document.body.textContent ?? '');
		t.true(text.includes('dropout 0 -> 0.03'));
		for (const whole of [markdown, text]) {
			t.notRegex(whole, /-0\.0+(?!\d)/);
			t.notRegex(whole, /[{]"|":/);
		}

		// rows are marked as changed exactly where layers differ
		const rows = await page.$$eval('.layers tbody tr', all =>
			all.map(row => ({changed: row.className, cells: [...row.children].map(cell => cell.textContent)})),
		);
		t.true(rows.some(({changed}) => changed === ''));
		for (const {changed, cells} of rows) {
			t.is(changed === 'changed', cells[0] !== cells[1]);
		}
	});
});

for (const width of [1280, 800, 640, 480, 390, 320]) {
	test(`at ${width} pixels chart text is legible and does not overlap, and everything fits the page`, async t => {
		const file = path.join(await written(), 'report.html');
		await inBrowser(async browser => {
			const page = await browser.newPage();
			await page.setViewport({width, height: 900});
			await open(page, file);
			t.deepEqual(await legibility(page), {charts: 6 * steps.length + 1, small: [], overlapping: [], wide: []});
		});
	});
}

test('a wide table on a phone scrolls in its own box, with a sticky first column', async t => {
	const file = path.join(await written(), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await page.setViewport({width: 390, height: 844});
		await open(page, file);
		const right = await page.$$eval('.wide th', heads =>
			heads.slice(0, 3).map(head => [head.textContent, head.getBoundingClientRect().right] as const),
		);
		t.deepEqual(
			right.map(([name]) => name),
			['Step', 'Test %', 'Held'],
		);
		t.true((right[2]?.[1] ?? 400) <= 390, 'in sight without scrolling');
		const {scrolled, first} = await page.evaluate(() => {
			const box = document.querySelector('.wide') as HTMLElement;
			box.scrollLeft = 200;
			const left = (element: Element | null): number => element?.getBoundingClientRect().left ?? Number.NaN;
			return {scrolled: box.scrollLeft, first: left(box.querySelector('tbody td')) - left(box)};
		});
		t.deepEqual([scrolled, first], [200, 0]);
		const shares = await page.$$eval('.wide', boxes =>
			boxes
				.filter(box => box.scrollWidth > box.clientWidth)
				.map(box => (box.querySelector('td')?.getBoundingClientRect().width ?? 0) / box.clientWidth),
		);
		t.true(shares.length > steps.length);
		t.true(Math.max(...shares) < 0.55, 'the others have room beside it');
	});
});

test('in print no table is cut off, and shading stays', async t => {
	const file = path.join(await written(), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await page.setViewport({width: 688, height: 1000}); // A4 without its margins
		await open(page, file);
		await page.emulateMediaType('print');
		const seen = await page.evaluate(() => ({
			cut: [...document.querySelectorAll('.wide')]
				.filter(box => box.scrollWidth > box.clientWidth || getComputedStyle(box).overflowX !== 'visible')
				.map(box => box.getAttribute('aria-label')),
			shading: getComputedStyle(document.querySelector('td.hit') as Element).printColorAdjust,
		}));
		t.deepEqual(seen, {cut: [], shading: 'exact'});
	});
});

test('a chart is as wide as its column, whatever the screen', async t => {
	const file = path.join(await written(), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await open(page, file);
		for (const width of [320, 479, 480, 640, 799, 800, 1280]) {
			await page.setViewport({width, height: 900});
			const [chart, column] = await page.$eval('.by-step', figure => [
				[...figure.querySelectorAll('svg')].find(svg => svg.getClientRects().length > 0)?.getBoundingClientRect().width,
				figure.getBoundingClientRect().width,
			]);
			t.is(chart, column, `at ${width} pixels`);
		}
	});
});

test('in print the misclassified images are shown, though they are collapsed on the screen', async t => {
	const file = path.join(await written(), 'report.html');
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await open(page, file);
		const shown = async (): Promise<boolean> =>
			page.$eval('.mistakes .image', image => image.checkVisibility({contentVisibilityAuto: true}));
		t.false(await shown());
		await page.emulateMediaType('print');
		t.true(await shown());
	});
});

for (const scheme of ['light', 'dark']) {
	test(`axe finds no violations on the ${scheme} page, and every picture has a label`, async t => {
		const file = path.join(await written(), 'report.html');
		await inBrowser(async browser => {
			const page = await browser.newPage();
			await page.setViewport({width: 390, height: 844});
			await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
			await open(page, file);
			t.deepEqual(await accessibility(page), {violations: [], unlabelled: 0});
		});
	});
}

test('the Markdown page has a chapter a step, and both pages stay small', async t => {
	const folder = await written();
	const text = readFileSync(path.join(folder, 'report.md'), 'utf8');
	t.deepEqual(
		text.match(/^## .*$/gm),
		steps.map(({name}, position) => `## ${position}. ${name}`),
	);
	t.true(statSync(path.join(folder, 'report.html')).size < 3 * 2 ** 20);
});

test('values in HTML are escaped', t => {
	const hostile = `</code><script>alert("&")</script>'`;
	t.is(
		html`<b title="${hostile}">${[hostile, 1, undefined]}</b>`.text,
		`<b title="&lt;/code&gt;&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;&#39;">&lt;/code&gt;&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;&#39;1</b>`,
	);
});

test('names and sentences of the ladder are text on both pages, never markup', async t => {
	const script = '<script>alert(1)</script>';
	const sentence = '<script>alert()</script>\n<!-- end of ladder -->'; // a figure would have to be measured
	const own = tinyLadder(t);
	own.write(
		'ladder.ts',
		own
			.read('ladder.ts')
			.replace("'Bars'", JSON.stringify(`Bars ${script}`))
			.replace("idx('data')", `idx('data', {classes: ${JSON.stringify([script, '*b*', '[c](d)', '|', ...'456789'])}})`),
	);
	own.write(
		'steps/0-tiny.ts',
		own
			.read('steps/0-tiny.ts')
			.replace('defineStep}', 'claim, defineStep}')
			.replace(
				"'Bars are easy to tell.'",
				JSON.stringify(`Bars are ${script} easy */ to tell: \`${script}\`.\n\n# Really`),
			)
			.replace(
				'});\n',
				`	analysis: [claim(() => ${JSON.stringify(sentence)}, ({self}) => self.train.mean > 0.2)],\n});\n`,
			),
	);
	const recorded = await own.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is(recorded.exitCode, 0, recorded.stderr);
	t.is((await own.run(['record', '--check'])).exitCode, 0); // the text block’s comment did not end early
	t.is((await own.run(['report', '--out', 'report'])).exitCode, 0);
	const markdown = own.read('report/report.md');
	t.notRegex(markdown.replaceAll(/`[^`\n]*`/g, ''), /<script|<!--/);
	t.notRegex(markdown, /^# Really/m);
	t.true(markdown.includes('classes: &lt;script>alert(1)&lt;/script>, \\*b\\*, \\[c\\](d), |, 4'));
	t.notRegex(own.read('report/report.html'), /<script/);
});
