import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {cli, main, onCopy} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {mnistFolder} from '../helpers/mnist-folder.js';
import {Project} from '../helpers/project.js';

/** What would move a cursor or colour a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const control = /[\u0000-\u0008\u000b-\u001f\u007f\u009b]/;

const small = ['--step', 'fc-layer', '--epochs', '2', '--limit-train', '512', '--limit-test', '200'];

test('a few thousand real images are learned through the command line, told as JSON lines', async t => {
	const out = temporaryFolder(t);
	const {stdout, exitCode} = await cli(
		...['train', '--step', 'lr-scheduler', '--epochs', '2', '--limit-train', '4096', '--limit-test', '2000'],
		...['--seeds', '1,2', '--json', '--out', out],
	);
	t.is(exitCode, 0);
	const lines = stdout.split('\n').map(line => JSON.parse(line));
	lines.sort((a, b) => (a.seed ?? 3) - (b.seed ?? 3)); // both seeds train at once, the result comes last
	t.deepEqual(
		lines.map(({type, seed, epoch}) => ({type, seed, epoch})),
		[
			{type: 'epoch', seed: 1, epoch: 1},
			{type: 'epoch', seed: 1, epoch: 2},
			{type: 'epoch', seed: 2, epoch: 1},
			{type: 'epoch', seed: 2, epoch: 2},
			{type: 'result', seed: undefined, epoch: undefined},
		],
	);
	const [first, second] = lines;
	t.deepEqual(Object.keys(first), [
		...['type', 'step', 'seed', 'epoch', 'epochs', 'learningRate', 'trainLoss', 'trainCorrect', 'trainTotal'],
		...['testLoss', 'testCorrect', 'testTotal', 'testByClass', 'seconds'],
	]);
	t.true(second.testCorrect / second.testTotal > 0.8, 'two epochs of 4,096 digits are enough for four in five');
	const result = lines.at(-1);
	t.deepEqual(Object.keys(result), [
		...['type', 'step', 'engine', 'parameters', 'target', 'seeds', 'held'],
		...['measures', 'constantAnswer', 'trivial', 'seconds'],
	]);
	t.deepEqual(Object.keys(result.seeds[0]), ['seed', 'lastEpochs', 'trainCleanCorrect', 'held', 'measures', 'folder']);
	t.deepEqual(
		result.seeds.map(({folder}: {folder: string}) => path.basename(folder)).toSorted(),
		readdirSync(path.join(out, 'lr-scheduler')).toSorted(),
	);
});

test('a pipe gets the layers, a line an epoch and the verdict, without control codes', async t => {
	const {stdout, stderr, exitCode} = await cli('train', ...small, '--out', temporaryFolder(t));
	t.is(exitCode, 0);
	t.is(stderr, '');
	t.notRegex(stdout, control);
	t.regex(stdout, /^Step fc-layer\n\nOperation +nin +ch_in.*act_size +params\n/);
	t.regex(
		stdout,
		/^Seed 1, epoch 1\/2: train [\d.]+% \(loss [\d.]+\), rate 0\.0100, [\d.]+ s\. Test set: Average loss: [\d.]+, Accuracy: \d+\/200 \([\d.]+%\)$/m,
	);
	t.regex(
		stdout,
		/Verdict: 0 of 1 seeds held >= 99\.00 % in each of the last 3 epochs\. Always answering 1 gets 11\.50 %\.$/,
	);
	t.regex(
		stdout,
		/^After the last epoch: balanced accuracy [\d.]+ %; macro F1 [\d.]+ %; top-3 accuracy [\d.]+ %; expected calibration error [\d.]+ %\.$/m,
	);
	t.regex(stdout, /^Class +Images +Precision % +Recall % +F1 %$/m);
});

test('a file gets the same, and quiet leaves the verdict alone', async t => {
	const folder = temporaryFolder(t);
	const file = path.join(folder, 'log');
	const command = ['train', ...small, '--quiet', '--out', folder];
	await execa(process.execPath, [main, ...onCopy(command)], {stdout: {file}});
	t.regex(
		readFileSync(file, 'utf8'),
		/^Seed 1, last 2 epochs: [\d.]+, [\d.]+ \(not held: 3 epochs are needed\)\nVerdict: .*\n$/,
	);
});

test('a reader that goes away ends the run in silence', async t => {
	const command = `"${process.execPath}" "${main}" train --step lr-scheduler --limit-train 1000 --limit-test 100 --ladder "${mnistFolder()}" --out "${temporaryFolder(t)}"`;
	const {stdout, stderr, exitCode} = await execa('bash', ['-o', 'pipefail', '-c', `${command} | head -n 1`], {
		reject: false,
	});
	t.is(stdout, 'Step lr-scheduler');
	t.is(stderr, '');
	t.is(exitCode, 0);
});

for (const [signal, expected] of [
	['SIGINT', 130],
	['SIGTERM', 143],
] as const) {
	test(`${signal} ends a run with ${expected} and keeps what was written`, async t => {
		const out = temporaryFolder(t);
		const child = execa(
			process.execPath,
			[
				main,
				...onCopy([
					'train',
					'--step',
					'fc-layer',
					'--limit-train',
					'20000',
					'--limit-test',
					'100',
					'--json',
					'--out',
					out,
				]),
			],
			{reject: false},
		);
		child.stdout.on('data', (text: Buffer) => {
			if (text.toString().includes('"epoch"')) {
				child.kill(signal);
			}
		});
		const {exitCode, stderr} = await child;
		t.is(exitCode, expected);
		t.regex(String(stderr), /^stepladder: interrupted/);
		const [folder = ''] = readdirSync(path.join(out, 'fc-layer'));
		const files = readdirSync(path.join(out, 'fc-layer', folder));
		t.deepEqual(files.toSorted(), ['checkpoint.safetensors', 'config.json', 'events.jsonl', 'metrics.csv']);
	});
}

test('a run that was interrupted goes on to the files of an unbroken one', async t => {
	const [out, other] = [temporaryFolder(t), temporaryFolder(t)];
	const long = ['train', '--step', 'lr-scheduler', '--limit-train', '1280', '--limit-test', '100', '--holdout', '100'];
	const child = execa(process.execPath, [main, ...onCopy([...long, '--out', out])], {reject: false});
	child.stdout.on('data', (text: Buffer) => {
		if (text.toString().includes('epoch 3/15')) {
			child.kill('SIGTERM');
		}
	});
	t.is((await child).exitCode, 143);
	const onlyFolder = (place: string): string =>
		path.join(place, 'lr-scheduler', readdirSync(path.join(place, 'lr-scheduler'))[0] ?? '');
	const resumed = await cli('train', '--resume', onlyFolder(out));
	t.is(resumed.exitCode, 0);
	const [, last = ''] = /^Seed 1 resumes after epoch (\d+)$/.exec(resumed.stderr) ?? [];
	t.deepEqual(
		[...resumed.stdout.matchAll(/epoch (\d+)\/15.*Validation/g)].map(([, epoch]) => Number(epoch)),
		Array.from({length: 15 - Number(last)}, (_, index) => Number(last) + 1 + index),
		'what was shown before is not shown again',
	);
	await cli(...long, '--quiet', '--out', other);
	const file = (place: string, name: string): Buffer => readFileSync(path.join(onlyFolder(place), name));
	for (const name of ['model.safetensors', 'predictions.json']) {
		t.deepEqual(file(out, name), file(other, name), name);
	}

	const rows = (place: string): unknown[] =>
		file(place, 'metrics.csv')
			.toString()
			.split('\n')
			.map(row => row.split(',').slice(0, -1));
	t.deepEqual(rows(out), rows(other));
	t.is(rows(out).length, 1 + 15 + 1);

	const again = await cli('train', '--resume', onlyFolder(out));
	t.is(again.exitCode, 2);
	t.regex(again.stderr, / has finished: there is nothing to resume; /);
});

test('a missed target exits with 3 only with `--strict`', async t => {
	const folder = temporaryFolder(t);
	const {exitCode} = await cli('train', ...small, '--strict', '--out', folder);
	t.is(exitCode, 3);
});

test('a step is added by one file; one whose rate diverges exits with 4', async t => {
	const project = new Project(t);
	project.write(
		'steps/9-too-fast.ts',
		`import {defineStep} from 'stepladder';
		import from from './1-base-skeleton.ts';
		export default defineStep({
			name: 'too-fast',
			from,
			change: {schedule: {learningRate: 1e6}},
			target: {...from.target, why: 'To see it diverge.'},
		});`,
	);
	const {stderr, exitCode} = await project.start('train', '--step', 'too-fast', '--limit-train', '1000');
	t.is(exitCode, 4);
	t.regex(String(stderr), /^stepladder: the loss became .* in epoch 1, batch \d+.*try a lower rate$/);
});

test('a fast dev run takes one batch of each and keeps nothing', async t => {
	const out = temporaryFolder(t);
	const {stdout, exitCode} = await cli('train', '--step', 'lr-scheduler', '--fast-dev-run', '--json', '--out', out);
	t.is(exitCode, 0);
	const [epoch] = stdout.split('\n').map(line => JSON.parse(line));
	t.deepEqual([epoch.trainTotal, epoch.testTotal], [128, 128]);
	t.deepEqual(readdirSync(out), []);
});

const refuses = test.macro(async (t, commandArguments: string[], exitCode: number, message: RegExp) => {
	const result = await cli(...commandArguments);
	t.is(result.exitCode, exitCode);
	t.regex(result.stderr, message);
	t.is(result.stdout, '');
	t.notRegex(result.stderr, /\n\s+at /, 'no stack');
});

const step = ['train', '--step', 'lr-scheduler'];
test('an unknown flag is refused with the near one', refuses, [...step, '--epoch', '3'], 2, /Did you mean --epochs\?/);
test(
	'an unknown step is refused with those there are',
	refuses,
	['train', '--step', 'dropuot'],
	2,
	/no step "dropuot" in .* \(did you mean `dropout`\?\): its steps are .*, dropout,/,
);
test('an unknown command is refused with the near one', refuses, ['trian'], 2, /Did you mean train\?/);
for (const command of ['train', 'summary', 'record', 'sweep']) {
	test(
		`${command} without a step says which there are`,
		refuses,
		[command],
		2,
		/^stepladder: choose a step of .* with `--step <name>`: its steps are basic-setup, .*, weight-averaging$/,
	);
}

test('an unknown device is refused', refuses, [...step, '--device', 'tpu'], 2, /`auto`, `cpu`, `cuda`/);
test('CUDA that is not there is refused', refuses, [...step, '--device', 'cuda'], 2, /no CUDA device/);
test('an epoch count that is no number is refused', refuses, [...step, '--epochs', 'many'], 2, /should be a number/);
test('half an epoch is refused', refuses, [...step, '--epochs', '1.5'], 2, /whole number.*got 1\.5/);
test('NaN is refused', refuses, [...step, '--threads', 'NaN'], 2, /whole number.*got NaN/);
test('a seed beyond 32 bits is refused', refuses, [...step, '--seeds', '4294967297'], 2, /0 to 4294967295/);
test('seeds that are none are refused', refuses, [...step, '--seeds', '5-1'], 2, /--seeds/);
test(
	'`--step` and `--resume` exclude each other',
	refuses,
	[...step, '--resume', 'x'],
	2,
	/`--step` can’t be changed by resuming/,
);
test(
	'a folder that is no run is refused',
	refuses,
	['train', '--resume', '/tmp'],
	2,
	/^stepladder: \S+ is not a run folder: it has no config\.json$/,
);
test(
	'`--holdout` of all training images or more is refused',
	refuses,
	[...step, '--holdout', '60000'],
	2,
	/less than the 60000/,
);
test(
	'missing data exits with 5',
	refuses,
	[...step, '--data-dir', '/nowhere'],
	5,
	/\/nowhere: expected a folder of IDX files; it does not exist$/,
);
test('a place that can not be written is refused', refuses, [...step, '--out', '/dev/null/x'], 1, /--out/);
