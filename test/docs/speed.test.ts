import test from 'ava';
import {root} from '../helpers/cli.js';
import {script, textOf} from '../helpers/clone.js';

test('figures of speed in README.md and docs/SPEED.md are those of the record', async t => {
	const {readBench, withFigures} = await script('speed/figures.mjs');
	const bench = readBench(root);
	for (const page of ['README.md', 'docs/SPEED.md']) {
		const text = textOf(page);
		t.regex(text, /<!-- bench: \w+ -->/);
		t.true(withFigures(text, bench) === text, `${page} is out of date: write it with \`node scripts/speed.mjs\``);
	}
});

test('another record changes the figures, and an unknown block is refused', async t => {
	const {readBench, withFigures} = await script('speed/figures.mjs');
	const bench = readBench(root);
	const fused = bench.rows.find(({name}: {name: string}) => name === 'fused, 2 threads');
	const faster = {...bench, rows: [{...fused, imagesPerSecond: 123_456.4, overEager: 12.34, overBest: 1}]};
	const page = '<!-- bench: table -->\nold\n<!-- /bench -->';
	t.regex(withFigures(page, faster), /^\| Stepladder, 2 threads \| 123,456 \| 12\.3x \| 1\.0x \|$/m);
	const onnxRuntime = {version: '1.0', largestDifference: 0, one: 0.04, tenThousand: 500};
	const predicting = {...bench, predict: {one: 0.0301, tenThousand: 1230.4, onnxRuntime}};
	t.regex(
		withFigures(page.replace('table', 'predict'), predicting),
		/takes 30 µs for one image and 1,230 ms for 10,000; ONNX Runtime 40 µs for one image and 500 ms for 10,000\.$/m,
	);
	t.throws(() => withFigures(page.replace('table', 'tables'), bench), {message: /called tables: table, conditions/});
});
