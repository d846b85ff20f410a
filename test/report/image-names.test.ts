import {readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {OwnLadder} from '../helpers/own-ladder.js';
import {shade} from '../helpers/shade-model.js';

const ladderFile = `import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'Shades', data: imageFolder('photos', {size: 8, channels: 1})});
`;

const step = `import {defineStep} from 'stepladder';
export default defineStep({
	name: 'shades',
	experiment: {
		net: {
			channels: 1, size: 8, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [{kind: 'average-pool', kernel: 8}, {kind: 'block', channels: 4, kernel: 1, padding: 0}],
			head: [{kind: 'conv', channels: 2, kernel: 1, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.1},
		labelSmoothing: 0, batchSize: 4, epochs: 5,
	},
	target: {why: 'Shades differ.', testAccuracy: 0.5, heldFor: 1, maxParameters: 100, maxEpochs: 5},
});
`;

test('reports name the image files that are misclassified, escaped', async t => {
	const own = new OwnLadder(t, {'ladder.ts': ladderFile, 'steps/0-shades.ts': step});
	for (const [label, level] of [
		['dark', 0],
		['light', 255],
	] as const) {
		for (let index = 0; index < 8; index += 1) {
			own.write(`photos/train/${label}/${index}.png`, await shade(level + (level === 0 ? index : -index)));
			own.write(`photos/test/${label}/${index}.png`, await shade(level));
		}
	}

	own.write('photos/test/dark/<i>9&.png', await shade(254)); // a light one among the dark
	const done = async (...words: string[]): Promise<void> => {
		const {exitCode, stderr} = await own.run(words);
		t.is(exitCode, 0, stderr);
	};
	const file = path.join('test', 'dark', '<i>9&.png');
	const inMarkdown = file.replace('<i>', '&lt;i>');
	const inPage = file.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

	await done('train', '--step', 'shades', '--seeds', '1,2', '--quiet');
	await done('report', 'runs', '--out', 'page');
	const markdown = own.read('page/runs.md');
	t.true(markdown.includes('1 test image is wrong in at least one of 2 finished runs.'), markdown);
	const row = markdown.split('\n').find(line => line.includes('9&.png')) ?? '';
	t.true(row.includes(inMarkdown), row);
	t.regex(row, /\| +dark \| +light \| +2\/2 \| +[01]\.\d\d \|$/);
	t.true(own.read('page/runs.html').includes(`<td>${inPage}</td>`));
	t.false(own.read('page/runs.html').includes('<i>'));

	// An entry of the cache from before names were kept: numbers, as ever
	const [entry = ''] = readdirSync(path.join(own.folder, '.cache', 'data'));
	rmSync(path.join(own.folder, '.cache', 'data', entry, 'names.json'));
	await done('report', 'runs', '--out', 'old');
	t.regex(own.read('old/runs.md'), /\| \\?#\d+ +\| +dark \|/);

	await done('record', '--step', 'shades', '--seeds', '1,2');
	await done('report', '--out', 'ladder');
	const page = own.read('ladder/report.html');
	t.true(page.includes(`<span class="file">${inPage}</span>`));
	t.true(own.read('ladder/report.md').includes(inMarkdown));
});
