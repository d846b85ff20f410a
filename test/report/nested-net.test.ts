/// <reference lib="dom" />
import path from 'node:path';
import test from 'ava';
import {accessibility, inBrowser, legibility, open} from '../helpers/page.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const nested = `import {defineStep} from 'stepladder';
import tiny from './0-tiny.ts';

export default defineStep({
	name: 'nested',
	from: tiny,
	change: {
		net: {
			body: {
				2: {
					kind: 'residual',
					layers: [
						{kind: 'separable', channels: 4, kernel: 3, padding: 1},
						{kind: 'block', channels: 4, kernel: 3, padding: 1, activation: 'none'},
						{kind: 'squeeze-excite', channels: 2},
					],
					activation: 'relu',
				},
				3: {kind: 'concat', branches: [[{kind: 'conv', channels: 4, kernel: 1, padding: 0, bias: true}], []]},
				4: {kind: 'repeat', times: 2, layers: [{kind: 'block', channels: 8, kernel: 3, padding: 1}]},
			},
		},
	},
	target: {why: 'A sum is easier to learn.', testAccuracy: 0.5, heldFor: 2, maxParameters: 4000, maxEpochs: 40},
});
`;

test('the report nests layers that are within others, in its tables of layers and of changes', async t => {
	const own = tinyLadder(t, {epochs: 2});
	own.write('steps/1-nested.ts', nested);
	for (const step of ['tiny', 'nested']) {
		const {exitCode, stderr} = await own.run(['record', '--step', step, '--seeds', '1']);
		t.is(exitCode, 0, stderr);
	}

	const {exitCode, stderr} = await own.run(['report', '--out', 'report']);
	t.is(exitCode, 0, stderr);
	t.regex(own.read('report/report.md'), /^\| \u00A0\u00A0branch 1: conv 1x1 /m);
	await inBrowser(async browser => {
		const page = await browser.newPage();
		await page.setViewport({width: 1000, height: 900});
		const {complaints} = await open(page, path.join(own.folder, 'report', 'report.html'));
		t.deepEqual(complaints, []);
		const rows = await page.$$eval('[aria-label="nested: layers"] tbody td:first-child', cells =>
			cells.map(cell => {
				const inner = cell.querySelector('.nested');
				return [Number(inner?.getAttribute('style')?.replace('--depth: ', '') ?? 0), cell.textContent];
			}),
		);
		t.deepEqual(rows, [
			[0, 'max pool 4'],
			[0, 'conv 3x3 + norm + relu + dropout 0.1'],
			[0, 'residual: add + relu'],
			[1, 'separable'],
			[2, 'depthwise conv 3x3 + norm + relu + dropout 0.1'],
			[2, 'conv 1x1 + norm + relu + dropout 0.1'],
			[1, 'conv 3x3 + norm + dropout 0.1'],
			[1, 'squeeze-excite: global average pool + conv 1x1 + relu + conv 1x1 + sigmoid + scale'],
			[0, 'concat with the input'],
			[1, 'branch 1: conv 1x1'],
			[0, 'repeat 2 times'],
			[1, 'conv 3x3 + norm + relu + dropout 0.1'],
			[0, 'conv 5x5'],
			[0, 'flatten'],
		]);
		const starts = await page.$$eval('[aria-label="nested: layers before and after"] .nested', cells =>
			cells.map(cell => Number.parseFloat(getComputedStyle(cell).paddingLeft)),
		);
		const [inner, innermost] = [16, 32]; // 1 rem a level
		t.deepEqual(starts, [inner, inner, inner, inner, innermost, inner, innermost, inner]);
		const {small, overlapping, wide} = await legibility(page);
		t.deepEqual([small, overlapping, wide], [[], [], []]);
		t.deepEqual((await accessibility(page)).violations, []);
	});
});
