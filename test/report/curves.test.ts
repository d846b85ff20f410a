import test from 'ava';
import {type CurveGroup, curves} from '../../ts/report/page/curves.js';

/** Makes a group of seeds whose training accuracy is 99 %, and whose test images are all that `epochs` names. */
const groupOf = (
	name: string,
	seeds: ReadonlyArray<ReadonlyArray<{readonly testLoss: number; readonly test: number}>>,
	testAccuracy = 0.9,
): CurveGroup => ({
	...{name, measured: undefined, experiment: {epochs: seeds[0]?.length ?? 0}},
	target: {testAccuracy, heldFor: 1, maxParameters: 1, maxEpochs: 1},
	runs: seeds.map((epochs, index) => ({
		...{seed: index + 1, isFinished: true, trainClean: 0.99},
		epochs: epochs.map(({testLoss, test}, epoch) => ({
			...{epoch: epoch + 1, learningRate: 0.1, trainLoss: 0.1, trainCorrect: 990, trainTotal: 1000},
			...{testLoss, testCorrect: Math.round(1000 * test), testTotal: 1000},
		})),
	})),
});

/** Returns the points of a chart's lines in pixels from the top of its plot, and the height of the plot. */
const drawn = (page: string, title: string): {readonly lines: number[][]; readonly height: number} => {
	const chart = page.split('<p class="title">').find(part => part.startsWith(`${title}<`)) ?? '';
	const [, height = ''] = /<clipPath[^>]*><rect [^>]*height="([\d.]+)"/.exec(chart) ?? [];
	const lines = [...chart.matchAll(/<path aria-label[^>]*|<path [^>]*stroke-width="1\.6"[^>]*/g)].map(([path]) =>
		[.../[ML]([-\d.]+),([-\d.]+)/g[Symbol.matchAll](path)].map(([, , y]) => Number(y)),
	);
	return {lines: lines.filter(line => line.length > 0), height: Number(height)};
};

test('a test loss that rises at the end is drawn within its chart, up to the last epoch', async t => {
	const losses = Array.from({length: 20}, (_, epoch) => ({
		testLoss: epoch < 8 ? 1 - epoch / 10 : 0.2 * (epoch - 6),
		test: 0.9,
	}));
	const {text} = await curves([groupOf('overfits', [losses])]);
	const {lines, height} = drawn(text, 'Test loss');
	t.is(lines.length, 1);
	t.is(lines[0]?.length, 20);
	const late = lines[0]?.slice(8) ?? [];
	t.true(
		late.every(y => y >= 0 && y <= height),
		`${late} of ${height}`,
	);
});

test('the first epochs of a slow start don’t compress the others', async t => {
	const slow = Array.from({length: 20}, (_, epoch) => ({testLoss: epoch < 2 ? 50 : 0.2 - epoch / 200, test: 0.9}));
	const {lines, height} = drawn((await curves([groupOf('slow', [slow])])).text, 'Test loss');
	const [first = 0, , third = 0] = lines[0] ?? [];
	t.true(first < 0, 'cut off');
	t.true(third < height / 3, 'and the third epoch is in the upper part of the chart');
});

test('a gap below zero is drawn within its chart', async t => {
	// training accuracy is 99 %: from 2 points above test accuracy to 0.5 below
	const rows = Array.from({length: 20}, (_, epoch) => ({testLoss: 0.1, test: epoch === 19 ? 0.995 : 0.97}));
	const {lines, height} = drawn((await curves([groupOf('better', [rows])])).text, 'Gap, points');
	const last = lines[0]?.at(-1) ?? Number.NaN;
	t.true(last > 0 && last < height, `${last} of ${height}`);
});

test('several groups are drawn as a mean and a band each, with their seeds on demand', async t => {
	const seed = (loss: number) => Array.from({length: 6}, () => ({testLoss: loss, test: 0.9}));
	const {text} = await curves([groupOf('a', [seed(0.1), seed(0.3)]), groupOf('b', [seed(0.5)])]);
	const [means = '', onDemand = ''] = text.split('<details>');
	const [a = [], b = []] = drawn(means, 'Test loss').lines;
	t.is(drawn(means, 'Test loss').lines.length, 2);
	// 0.1 and 0.3 have the mean 0.2, which lies between 0.5 and the axis at 0
	const {height} = drawn(means, 'Test loss');
	t.true(Math.abs((height - (a[0] ?? 0)) / (height - (b[0] ?? 0)) - 0.2 / 0.5) < 0.01);
	t.is(means.match(/mark-area/g)?.length, 1, 'one seed, or equal ones, have no band');
	t.is(drawn(onDemand, 'Test loss').lines.length, 3);
});

test('different targets have the colours of their groups, and one target that of the text', async t => {
	const seed = Array.from({length: 6}, () => ({testLoss: 0.1, test: 0.9}));
	const {text} = await curves([groupOf('a', [seed], 0.9), groupOf('b', [seed], 0.95), groupOf('c', [seed], 0.95)]);
	t.true(text.includes('<span class="sign dashes" style="color: #0072b2"></span>target of a: 90.00 %'));
	t.true(text.includes('<span class="sign dashes" style="color: #d55e00"></span>target of b, c: 95.00 %'));
	const one = await curves([groupOf('a', [seed], 0.95), groupOf('b', [seed], 0.95)]);
	t.true(one.text.includes('<span class="sign dashes"></span>target, or no gap'));
});
