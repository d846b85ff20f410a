import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {main, onCopy, root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const whole = ['--limit-test', '100'];

for (const [signal, expected] of [
	['SIGINT', 130],
	['SIGHUP', 129],
	['SIGTERM', 143],
] as const) {
	test(`${signal} in the first epoch keeps the run, and says by which command it goes on`, async t => {
		const out = temporaryFolder(t);
		const child = execa(
			process.execPath,
			[main, ...onCopy(['train', '--step', 'lr-scheduler', ...whole, '--out', out])],
			{
				...{reject: false, cwd: root},
				env: {npm_lifecycle_event: '', npm_command: ''},
			},
		);
		child.stdout.once('data', () => child.kill(signal));
		const {exitCode, stderr} = await child;
		t.is(exitCode, expected);
		const [folder = ''] = readdirSync(path.join(out, 'lr-scheduler'));
		const place = path.join(out, 'lr-scheduler', folder);
		t.is(stderr, `stepladder: interrupted; to resume: npm run train -- --resume ${place}`);
		t.false(existsSync(path.join(place, '.lock')));
	});
}

test('seeds that were interrupted go on by one command, and the verdict is about all', async t => {
	const own = tinyLadder(t, {train: 20_000});
	const seeds = ['--seeds', '1-3', '--jobs', '1', '--threads', '1'];
	const child = execa(process.execPath, [main, 'train', '--step', 'tiny', ...seeds], {reject: false, cwd: own.folder});
	child.stdout.on('data', (text: Buffer) => {
		if (/seed 2\b.*epoch 1\b/i.test(text.toString())) {
			child.kill('SIGINT');
		}
	});
	const {exitCode, stderr} = await child;
	t.is(exitCode, 130);
	const [, folder = ''] = / --resume (\S+)$/.exec(stderr) ?? [];
	t.regex(folder, /^runs\/tiny\/.*-s1$/);
	const again = await own.run(['train', '--resume', folder]);
	t.is(again.exitCode, 0, again.stderr);
	t.regex(again.stderr, /^Resuming all seeds of the command: 1 finished; 2 interrupted; 3 not started$/m);
	t.regex(
		again.stdout,
		/\nSeed 1, last 2 epochs: .*\nSeed 2, last 2 epochs: .*\nSeed 3, last 2 epochs: .*\nVerdict: .*3/,
	);
	const {stdout: told} = await own.run(['train', '--step', 'tiny', ...seeds, '--json', '--out', 'unbroken']);
	const unbroken = JSON.parse(told.split('\n').at(-1) ?? '');
	const runs = JSON.parse((await own.run(['runs', '--json'])).stdout);
	t.is(runs.length, 3);
	for (const {seed, testAccuracy} of runs) {
		t.is(testAccuracy, unbroken.seeds.find((one: {seed: number}) => one.seed === seed).lastEpochs.at(-1));
	}
});

/** Runs a module that listens as the command line does. */
const listening = async (lines: string) => {
	const module = pathToFileURL(path.join(root, 'dist/ts/cli/interruption.js')).href;
	const script = `import {Interruption} from ${JSON.stringify(module)};
const interruption = new Interruption();
let now = 0;
performance.now = () => now;
setInterval(() => {}, 1000);
${lines}`;
	return execa(process.execPath, ['--input-type=module', '-e', script], {reject: false, timeout: 60_000});
};

test('a second Ctrl-C ends at once and says what is safe; the one that npm passes on is not a second', async t => {
	const {exitCode, stderr} = await listening(
		`const {signal} = interruption;
interruption.kept = 'to resume: npx stepladder train --resume runs/x';
process.kill(process.pid, 'SIGINT');
signal.addEventListener('abort', () => {
	process.once('SIGINT', () => {
		console.log('passed on');
		now = 2000;
		process.kill(process.pid, 'SIGINT');
	});
	process.kill(process.pid, 'SIGINT');
});`,
	);
	t.is(exitCode, 130);
	t.is(
		stderr,
		'stepladder: ended at once; epochs that were done are safe: to resume: npx stepladder train --resume runs/x',
	);
});

test('a command that does not listen to signals is ended with a sentence', async t => {
	const {exitCode, stderr} = await listening(`process.kill(process.pid, 'SIGTERM');`);
	t.is(exitCode, 143);
	t.is(stderr, 'stepladder: interrupted');
});

for (const [what, definition] of [
	['ladder.ts', 'await new Promise(() => {});\nexport default {};\n'],
	[
		'a source of data',
		`import {defineLadder} from 'stepladder';
export default defineLadder({name: 'Bars', data: {open: () => new Promise(() => {})}});
`,
	],
] as const) {
	test(`a command that waits for what never comes in ${what} ends with a sentence`, async t => {
		const own = tinyLadder(t);
		own.write('ladder.ts', definition);
		const {exitCode, stderr, stdout} = await own.run(['train', '--step', 'tiny']);
		t.is(exitCode, 1);
		t.is(stdout, '');
		t.regex(stderr, /^stepladder: ended before it was done: something is awaited that never comes, [^\n]*$/);
	});
}

test('the exit code of a failure stands, though the reader of the output has closed it', async t => {
	const conclude = pathToFileURL(path.join(root, 'dist/ts/cli/conclude.js')).href;
	const errors = pathToFileURL(path.join(root, 'dist/ts/errors/index.js')).href;
	const exitCodeOf = async (lines: string): Promise<number | undefined> => {
		const {exitCode} = await listening(`const {conclude} = await import(${JSON.stringify(conclude)});
const {AbortError, DivergedError} = await import(${JSON.stringify(errors)});
process.stdout.emit('error', Object.assign(new Error('closed'), {code: 'EPIPE'}));
${lines}
process.exit();`);
		return exitCode;
	};
	const aborted = 'conclude(interruption, {thrown: new AbortError(undefined)});';
	t.is(await exitCodeOf("conclude(interruption, {thrown: new DivergedError('it diverged', 1, 1)});"), 4);
	t.is(await exitCodeOf("conclude(interruption, {thrown: new Error('a bug')});"), 1);
	t.is(await exitCodeOf('process.exitCode = 3; conclude(interruption, undefined);'), 3);
	t.is(await exitCodeOf(aborted), 0, 'the reader has enough');
	t.is(await exitCodeOf(`interruption.whenUnread = 3; ${aborted}`), 3);
	t.is(await exitCodeOf(`process.exitCode = 5; ${aborted}`), 5, 'images that could not be read');
});

test('a command that gives a verdict does not succeed before it has one, if its output is closed', async t => {
	const own = tinyLadder(t, {train: 20_000});
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1'])).exitCode, 0);
	const closed = async (...words: string[]): Promise<number | undefined> => {
		const child = execa(process.execPath, [main, ...words], {reject: false, cwd: own.folder, buffer: false});
		child.stdout.destroy();
		return (await child).exitCode;
	};
	t.is(await closed('train', '--step', 'tiny'), 0);
	t.is(await closed('train', '--step', 'tiny', '--strict'), 3);
	t.is(await closed('record', '--check', '--replay'), 1);
});

test('a signal is heard before the command line has been loaded', async t => {
	const folder = temporaryFolder(t);
	const early = `process.on('newListener', name => {
	if (name === 'SIGTERM') setImmediate(() => process.kill(process.pid, 'SIGTERM'));
});`;
	const {exitCode, stderr} = await execa(
		process.execPath,
		[
			'--import',
			`data:text/javascript,${encodeURIComponent(early)}`,
			main,
			...onCopy(['train', '--step', 'fc-layer', '--out', folder]),
		],
		{reject: false, cwd: root},
	);
	t.is(exitCode, 143);
	t.is(stderr, 'stepladder: interrupted');
	t.deepEqual(readdirSync(folder), []);
});

const full = '/dev/full';
const onFullDisk = existsSync(full) ? test : test.skip;
for (const words of [
	['--help'],
	['ladder'],
	['runs'],
	['summary', '--step', 'fc-layer'],
	['compare', 'basic-setup', 'base-skeleton'],
	['train', '--step', 'fc-layer', '--limit-train', '512', '--limit-test', '100'],
	['train', '--step', 'fc-layer', '--limit-train', '512', '--limit-test', '100', '--json'],
	['train', '--step', 'fc-layer', '--limit-train', '512', '--limit-test', '100', '--quiet', '--epochs', '1'],
]) {
	onFullDisk(`\`${words.join(' ')}\` says in one sentence that its output can’t be written`, async t => {
		const out = words[0] === 'train' ? ['--out', temporaryFolder(t)] : [];
		const {exitCode, stderr} = await execa(
			'bash',
			['-c', `exec "$0" "$@" > ${full}`, process.execPath, main, ...onCopy([...words, ...out])],
			{reject: false, cwd: root, timeout: 120_000},
		);
		t.is(exitCode, 1);
		t.regex(
			stderr,
			/^stepladder: could not write the output \(ENOSPC: no space left on device, write\)(; to resume: .*)?$/,
		);
	});
}

test('`bench` ends soon after Ctrl-C', async t => {
	const child = execa(process.execPath, [main, 'bench', '--step', 'fc-layer', '--rounds', '50', '--images', '60000'], {
		...{reject: false, cwd: root},
	});
	child.stderr.on('data', (text: Buffer) => {
		if (text.toString().includes('Round 1/')) {
			child.kill('SIGINT');
		}
	});
	const {exitCode, stderr} = await child;
	t.is(exitCode, 130);
	t.regex(stderr, /Round 1\/50: fused, 1 thread\n(?!Round 2).*stepladder: interrupted$/s);
	t.notRegex(stderr, /Round 2/);
});
