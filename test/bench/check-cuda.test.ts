import {spawnSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {root} from '../helpers/cli.js';
import {script} from '../helpers/clone.js';
import {temporaryFolder} from '../helpers/folder.js';

test('a device passes within the spread of the CPU’s seeds, and fails outside', async t => {
	const {compareSeeds} = await script('check-cuda/spread.mjs');
	// The CPU's deviation is 0.01, so means of three seeds may differ by 3 * 0.01 * sqrt(2 / 3) = 0.0245.
	const cpu = [0.94, 0.95, 0.96];
	t.true(compareSeeds([0.97, 0.98, 0.97], cpu).passed);
	t.false(compareSeeds([0.97, 0.98, 0.98], cpu).passed);
	t.false(compareSeeds([0.92, 0.92, 0.93], cpu).passed);
	t.false(compareSeeds([Number.NaN, 0.95, 0.96], cpu).passed);
	t.regex(compareSeeds([0.95, 0.95], cpu).sentence, /same seeds, 2 or more; got 2 and 3/);
});

const refuses = test.macro(
	(t, libtorch: string | undefined, words: readonly string[], code: number, sentence: RegExp) => {
		const folder = temporaryFolder(t);
		mkdirSync(path.join(folder, 'cpu', 'lib'), {recursive: true});
		mkdirSync(path.join(folder, 'cpu', 'include'));
		const env = {...process.env, LIBTORCH: libtorch === undefined ? '' : path.join(folder, libtorch)};
		const {status, stderr} = spawnSync('bash', [path.join(root, 'scripts', 'check-cuda.sh'), ...words], {
			env,
			encoding: 'utf8',
		});
		t.is(status, code);
		t.regex(stderr, sentence);
	},
);
const onPosix = process.platform === 'win32' ? test.skip : test;
onPosix(
	'check-cuda.sh asks for a libtorch',
	refuses,
	undefined,
	[],
	2,
	/^check-cuda: name a libtorch with CUDA in LIBTORCH/,
);
onPosix('check-cuda.sh refuses another device', refuses, 'cpu', ['tpu'], 2, /`cuda` or `cpu`, got `tpu`$/m);
onPosix(
	'check-cuda.sh refuses a folder that is no libtorch',
	refuses,
	'none',
	[],
	5,
	/a folder with `lib` and `include`, got /,
);
onPosix(
	'check-cuda.sh refuses a libtorch without CUDA',
	refuses,
	'cpu',
	[],
	5,
	/it is a libtorch for CPUs; name one with CUDA$/m,
);
