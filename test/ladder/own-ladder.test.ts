import {chmodSync, cpSync, mkdirSync, readdirSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {hintElsewhere, root} from '../helpers/cli.js';
import {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

test('in an empty folder a ladder is made, trained, extended, recorded, compared and reported, without MNIST', async t => {
	const own = new OwnLadder(t);
	const printed: string[] = [];
	const run = async (...words: string[]): Promise<string> => {
		const {stdout, stderr, exitCode} = await own.run(words);
		t.is(exitCode, 0, `${words.join(' ')}: ${stderr}`);
		printed.push(stdout, stderr);
		return stdout;
	};

	t.regex(
		await run('init'),
		/Written: ladder\.ts\n.*\n.*0-baseline\.ts\n\nNext: npm run --prefix \S+ train -- --step baseline$/s,
	);
	t.regex(await run('summary', '--step', 'baseline'), /^conv 3x3 .*16x16x3/m);
	t.regex(await run('train', '--step', 'baseline'), /^Verdict: 1 of 1 seeds held .*\.$/m);
	t.regex(await run('ladder'), /^baseline .* not recorded$/m);
	await run('record', '--step', 'baseline', '--seeds', '1-3');
	t.regex(own.read('steps/0-baseline.ts'), /^\/\*\nTarget: At least 60\.00 %.*\n\*\/\n\nimport/s);
	t.regex(own.read('README.md'), /^\| baseline \| .* \| 3\/3 \|$/m);

	t.regex(await run('new-step', 'batch-norm', '--from', 'baseline'), /Written: steps\/1-batch-norm\.ts\n/);
	const unfilled = await own.run(['train', '--step', 'batch-norm']);
	t.is(unfilled.exitCode, 2);
	t.regex(unfilled.stderr, /^stepladder: steps\/1-batch-norm\.ts, line 4: step `batch-norm`: `\S+` should be/);
	const text = own.read('steps/1-batch-norm.ts');
	own.write(
		'steps/1-batch-norm.ts',
		text
			.replace('change: {}', "change: {net: {block: {norm: 'batch'}}}")
			.replace("why: ''", "why: 'It learns sooner.'"),
	);
	await run('record', '--step', 'batch-norm', '--seeds', '1-3');
	t.regex(await run('compare', 'batch-norm', 'baseline'), /^batch-norm minus baseline, paired over 3 seeds\n/);
	t.regex(await run('ladder'), /\nGoal: at least 98\.00 % of the test images in each of the last 3 epochs/);
	t.regex(
		await run('record', '--check', '--replay'),
		/^(Retraining: (baseline|batch-norm), seed [123], drawn at random of 3, 10 epochs and all predictions\n){2}The records, text blocks and claims of 2 steps agree, and everything retrained repeats to the bit\.$/,
	);
	await run('report');
	printed.push(own.read('report/report.md'), own.read('report/report.html').replaceAll(/base64,[^)"]*/g, ''));
	t.regex(
		own.read('report/report.md'),
		/^# Coloured shapes\n\n\*\*[^*]*at least 98\.00 % of the test images in each of the last 3 epochs[^*]*\*\*\n\n(\|.*\n)+\nData: coloured shapes, 1,200 training and 400 test images of 16 x 16 pixels in colour, 3 classes: circle, square, triangle\.\n/,
	);
	t.regex(await run('doctor'), /✓ Ladder: Coloured shapes, 2 steps/);

	const [folder = ''] = readdirSync(path.join(own.folder, 'runs', 'baseline'));
	const model = `runs/baseline/${folder}/model.safetensors`;
	own.write(
		'dot.svg',
		'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#222"/><circle cx="20" cy="20" r="12" fill="#e8e"/></svg>',
	);
	t.regex(await run('predict', model, 'dot.svg'), /^dot\.svg: (circle|square|triangle) \([\d.]+ %\)/);
	printed.push(await run('train', '--help'), await run('--help'));
	t.deepEqual(
		printed.join('\n').match(/.*(?:mnist(?!’s,)|digit|lr-scheduler|npm run (?!(?:-s )?--prefix )).*/gi) ?? [],
		[],
	);
});

test('bench times another ladder than MNIST, over all its images', async t => {
	const own = new OwnLadder(t);
	await own.run(['init']);
	const {stdout, stderr, exitCode} = await own.run(['bench', '--rounds', '1']);
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /^baseline: training passes over 1200 images/);
	const more = await own.run(['bench', '--rounds', '1', '--images', '60000']);
	t.is(more.exitCode, 2);
	t.regex(more.stderr, /`images` should be a whole number from 1 to 1200, the training images there are, got 60000$/);
});

test('bench skips `aten` without libtorch', async t => {
	const own = new OwnLadder(t);
	await own.run(['init']);
	for (const part of ['dist/ts', 'templates', 'package.json']) {
		cpSync(path.join(root, part), path.join(own.folder, 'package', part), {recursive: true});
	}

	mkdirSync(path.join(own.folder, 'package', 'build'));
	for (const part of ['node_modules', 'build/addon']) {
		symlinkSync(path.join(root, part), path.join(own.folder, 'package', part));
	}

	const script = path.join(own.folder, 'package', 'dist', 'ts', 'cli', 'main.js');
	const {stdout, stderr, exitCode} = await own.run(['bench', '--rounds', '1'], {script});
	t.is(exitCode, 0, stderr);
	t.regex(stderr, /^The engine `aten` is skipped: libtorch is not built in$/m);
	t.regex(stdout, /^fused, 1 thread /m);
	t.notRegex(stdout, /^aten/m);
});

for (const [name, answer] of [
	['nonsense', 'nonsense'],
	['nothing', 'null'],
	['other JSON', '{"version":7}'],
]) {
	(process.platform === 'win32' ? test.skip : test)(
		`bench refuses a Python that prints ${name}, and leaves no files`,
		async t => {
			const own = tinyLadder(t);
			own.write('python', `#!/bin/sh\ntrap '' TERM INT\necho '${answer}'\nwhile :; do sleep 1; done\n`);
			chmodSync(path.join(own.folder, 'python'), 0o755);
			mkdirSync(path.join(own.folder, 'temporary'));
			const env = {TMPDIR: path.join(own.folder, 'temporary')};
			const {stderr, exitCode} = await own.run(['bench', '--step', 'tiny', '--rounds', '1', '--python', './python'], {
				env,
			});
			t.is(exitCode, 2, stderr);
			t.regex(stderr, /`python` should be a Python that has PyTorch, got `.*python`, which answers/);
			t.deepEqual(
				readdirSync(env.TMPDIR).filter(name => name.startsWith('stepladder-bench')),
				[],
			);
		},
	);
}

test('new-step keeps the primary measure', async t => {
	const own = tinyLadder(t);
	own.write('steps/0-tiny.ts', own.read('steps/0-tiny.ts').replace('heldFor: 2,', "heldFor: 2, primary: 'gap',"));
	t.is((await own.run(['new-step', 'next', '--from', 'tiny'])).exitCode, 0);
	t.regex(own.read('steps/1-next.ts'), /primary: 'gap',/);
	t.regex((await own.run(['train', '--step', 'next'])).stderr, /`target\.why`/);
});

test('init overwrites nothing', async t => {
	const own = new OwnLadder(t, {'README.md': 'mine'});
	const {stderr, exitCode} = await own.run(['init']);
	t.is(exitCode, 2);
	t.regex(stderr, /README\.md already exists, so nothing was written: choose another folder$/);
	t.deepEqual(readdirSync(own.folder), ['README.md']);
	t.is((await own.run(['init', 'other'])).exitCode, 0);
});

test('the same command completes an interrupted init', async t => {
	const own = new OwnLadder(t);
	await own.run(['init', 'whole']);
	const [readme, step] = [own.read('whole/README.md'), own.read('whole/steps/0-baseline.ts')];
	own.write('cut/README.md', readme);
	own.write('cut/steps/0-baseline.ts', step);
	const {stderr, exitCode} = await own.run(['init', 'cut']);
	t.is(exitCode, 0, stderr);
	for (const file of ['README.md', 'ladder.ts', 'shapes.ts', 'steps/0-baseline.ts']) {
		t.is(own.read(`cut/${file}`), own.read(`whole/${file}`));
	}

	t.is((await own.run(['init', 'cut'])).exitCode, 2);
});

test('the commands that init and new-step print work as printed', async t => {
	const own = new OwnLadder(t);
	const made = await own.run(['init', 'two words']);
	t.true(made.stdout.endsWith(`\nNext: cd "two words" && ${hintElsewhere('train', '--step baseline')}`), made.stdout);
	const grown = await own.run(['new-step', 'wider', '--from', 'baseline', '--ladder', 'two words']);
	t.true(grown.stdout.endsWith(`then: ${hintElsewhere('train', '--step wider --ladder "two words"')}`), grown.stdout);
});

test('init fails where no folder can be created', async t => {
	const own = new OwnLadder(t, {file: ''});
	const {stderr, exitCode} = await own.run(['init', process.platform === 'linux' ? '/proc/ladder' : 'file/ladder']);
	t.is(exitCode, 1);
	t.regex(stderr, /^stepladder: could not write a ladder in .*; choose another folder$/);
});

test('a step may grow from one whose name is a reserved word', async t => {
	const own = new OwnLadder(t);
	await own.run(['init']);
	let from = 'baseline';
	for (const [index, name] of ['interface', 'define-step', 'last'].entries()) {
		t.is((await own.run(['new-step', name, '--from', from])).exitCode, 0);
		const file = `steps/${index + 1}-${name}.ts`;
		const text = own.read(file).replace('change: {}', `change: {batchSize: ${8 + index}}`);
		own.write(file, text.replace("why: ''", "why: 'To see.'"));
		from = name;
	}

	const {stdout, stderr} = await own.run(['ladder']);
	t.regex(stdout, /^last /m, stderr);
});
