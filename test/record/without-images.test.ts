import {rmSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {tinyLadder} from '../helpers/tiny-ladder.js';

test('`record --check --without-images` checks what does not need them, and says what was left out', async t => {
	const ladder = tinyLadder(t);
	ladder.write('ladder.ts', ladder.read('ladder.ts').replace("idx('data')", "idx('data', {source: 'the shop'})"));
	ladder.write('README.md', '<!-- ladder: written by `record` -->\n\nnone\n\n<!-- end of ladder -->\n');
	const recorded = await ladder.run(['record', '--step', 'tiny', '--seeds', '1,2']);
	t.is(recorded.exitCode, 0, recorded.stderr);
	rmSync(path.join(ladder.folder, 'data'), {recursive: true});
	const refused = await ladder.run(['record', '--check']);
	t.is(refused.exitCode, 5);
	t.regex(refused.stderr, /data: expected a folder of IDX files; it does not exist.*: get the files from the shop$/);

	const check = async () => ladder.run(['record', '--check', '--without-images']);
	const agreeing = await check();
	t.is(agreeing.exitCode, 0, agreeing.stdout);
	t.regex(
		agreeing.stdout,
		/^The images were not read: neither they nor the predictions were compared with the records\.$/m,
	);
	t.regex(agreeing.stdout, /^The records, text blocks and claims of 1 step agree\.$/m);

	for (const [file, pattern, changed] of [
		['records/0-tiny/epochs.csv', /^(1,3,)/m, '1,4,'],
		['README.md', /2\/2/, '1/2'],
		['steps/0-tiny.ts', /batchSize: 32/, 'batchSize: 16'],
		['steps/0-tiny.ts', /Result: /, 'Result: all '],
	] as const) {
		const before = ladder.read(file);
		const after = before.replace(pattern, changed);
		t.not(after, before, file);
		ladder.write(file, after);
		const {stdout, exitCode} = await check();
		t.is(exitCode, 1, `${file}: ${stdout}`);
		t.true(stdout.includes(path.basename(file)) || stdout.includes('promise.json'), stdout);
		ladder.write(file, before);
	}
});

test('`--without-images` is refused where images are needed', async t => {
	const ladder = tinyLadder(t);
	const refused = async (...words: string[]) => {
		const {stderr, exitCode} = await ladder.run(['record', '--without-images', ...words]);
		t.is(exitCode, 2);
		return stderr;
	};
	t.is(
		await refused('--step', 'tiny'),
		'stepladder: `without-images` should be given with `--check`, got `--without-images` alone',
	);
	t.regex(
		await refused('--check', '--replay'),
		/`--without-images` and `--replay` can’t be used together: that needs the images$/,
	);
	t.regex(await refused('--check', '--skip-damaged'), /`--without-images` and `--skip-damaged` can’t be used together/);
});
