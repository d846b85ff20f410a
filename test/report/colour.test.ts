/// <reference lib="dom" />
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import test from 'ava';
import sharp from 'sharp';
import {startBrowser} from '../helpers/chromium.js';
import {OwnLadder} from '../helpers/own-ladder.js';

const definition = `import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'Signs & shapes', data: imageFolder('images', {size: 20})});
`;

const step = `import {defineStep} from 'stepladder';
export default defineStep({
	name: 'baseline',
	experiment: {
		net: {
			channels: 3, size: 20, classes: 3,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout: 0},
			body: [
				{kind: 'block', channels: 8, kernel: 3, padding: 0},
				{kind: 'max-pool', kernel: 2},
				{kind: 'block', channels: 16, kernel: 3, padding: 0},
			],
			head: [
				{kind: 'average-pool', kernel: 7},
				{kind: 'conv', channels: 3, kernel: 1, padding: 0, bias: true},
				{kind: 'flatten'},
			],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 1e-4},
		schedule: {kind: 'one-cycle', maxLearningRate: 0.1, pctStart: 0.3, divFactor: 10, finalDivFactor: 100},
		labelSmoothing: 0, batchSize: 16, epochs: 15,
	},
	target: {why: 'Shapes differ by their edges.', testAccuracy: 0.95, heldFor: 2, maxParameters: 2000, maxEpochs: 15},
});
`;

/** Shapes, drawn in any colour at any place on a dark ground. */
const drawings = {
	circle: 'M 4,0 A 4,4 0 1 1 -4,0 A 4,4 0 1 1 4,0 Z',
	'square <box>': 'M -4,-4 H 4 V 4 H -4 Z',
	triangle: 'M 0,-5 L 5,4 H -5 Z',
} as const;

const draw = async (own: OwnLadder, set: string, count: number, first: number): Promise<void> => {
	mkdirSync(path.join(own.folder, 'images', set), {recursive: true});
	for (const [label, [name, shape]] of Object.entries(drawings).entries()) {
		for (let index = 0; index < count; index += 1) {
			const at = first + index * 7 + label * 3;
			const place = `translate(${8 + (at % 5)},${8 + (Math.floor(at / 5) % 5)}) scale(${1 + (at % 4) / 8})`;
			const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="20" height="20" fill="hsl(${at * 53},30%,12%)"/><path transform="${place}" fill="hsl(${at * 37},80%,60%)" d="${shape}"/></svg>`;
			own.write(`images/${set}/${name}/${index}.png`, await sharp(Buffer.from(svg)).png().toBuffer());
		}
	}
};

test('training on a folder of coloured shapes reaches 95 %, and its report shows names, colours and curves', async t => {
	const own = new OwnLadder(t, {'ladder.ts': definition, 'steps/0-baseline.ts': step});
	await draw(own, 'train', 100, 0);
	await draw(own, 'test', 40, 1000);
	// two images in the wrong folder, which every seed misclassifies
	own.copy('images/test/triangle/7.png', 'images/test/circle/7.png');
	own.copy('images/test/triangle/9.png', 'images/test/circle/9.png');
	const recorded = await own.run(['record', '--step', 'baseline', '--seeds', '1-2']);
	t.is(recorded.exitCode, 0, recorded.stderr);
	const {data} = JSON.parse(own.read('records/0-baseline/promise.json'));
	const {seeds} = JSON.parse(own.read('records/0-baseline/record.json'));
	t.deepEqual([data.name, data.channels, data.size, data.train, data.test], ['images', 3, 20, 300, 120]);
	t.deepEqual(data.classes, ['circle', 'square <box>', 'triangle']);
	t.is(seeds.length, 2);
	const rows = JSON.parse((await own.run(['ladder', '--format', 'json'])).stdout);
	t.true(rows[0].result.test.mean > 0.95, JSON.stringify(rows[0].result));

	t.is((await own.run(['report'])).exitCode, 0);
	t.regex(
		own.read('report/report.md'),
		/\*\*The last step is `baseline`\. Its target: at least 95\.00 % .* epochs?\. 2 of 2 seeds held it\. /,
	);
	t.regex(own.read('report/report.md'), /3 classes: circle, square &lt;box>, triangle\./);
	const browser = await startBrowser();
	try {
		for (const width of [1280, 390]) {
			const page = await browser.newPage();
			await page.setViewport({width, height: 900});
			await page.goto(pathToFileURL(path.join(own.folder, 'report', 'report.html')).href, {waitUntil: 'load'});
			await page.$$eval('details', all => {
				for (const details of all) {
					details.open = true;
				}
			});
			const seen = await page.evaluate(() => ({
				title: document.title,
				head: document.querySelector('h1')?.textContent,
				text: document.body.innerText,
				classes: [...document.querySelectorAll('table.confusion tbody th')].map(cell => cell.textContent),
				charts: document.querySelectorAll('.panels svg.marks').length,
				tooWide: document.documentElement.scrollWidth > window.innerWidth,
			}));
			t.deepEqual([seen.title, seen.head], ['Signs & shapes', 'Signs & shapes']);
			t.deepEqual(seen.classes, ['circle', 'square <box>', 'triangle']);
			t.regex(seen.text, /300 training and 120 test images of 20 x 20 pixels in colour/);
			t.notRegex(seen.text, /MNIST|digit|public run|10,000/i);
			t.is(seen.charts, 6);
			t.regex(seen.text, /#\d+, circle\ntest\/circle\/7\.png\nas triangle by 2 of 2, up to \d+ %/);
			t.false(seen.tooWide);

			// The receptive field is drawn on a test image, in its colours.
			const colours = await page.evaluate(async () => {
				const image = new Image();
				image.src = document.querySelector('svg image')?.getAttribute('href') ?? '';
				await image.decode();
				const canvas = document.createElement('canvas');
				[canvas.width, canvas.height] = [image.width, image.height];
				const context = canvas.getContext('2d');
				context?.drawImage(image, 0, 0);
				const data = [...(context?.getImageData(0, 0, image.width, image.height).data ?? [])];
				return {
					width: image.width,
					coloured: data.some((_, i) => i % 4 === 0 && Math.abs((data[i] ?? 0) - (data[i + 1] ?? 0)) > 40),
				};
			});
			t.deepEqual(colours, {width: 20, coloured: true});
			if (process.env['SCREENSHOTS']) {
				await page.screenshot({path: path.join(process.env['SCREENSHOTS'], `colour-${width}.png`), fullPage: true});
			}
		}
	} finally {
		await browser.close();
	}
});
