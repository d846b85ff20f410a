import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {temporaryFolder} from '../helpers/folder.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const script = (name: string): string => path.join(root, 'scripts', 'set-up', name);

const linkView = (project: string, libtorch: string): string => `
	import {linkView} from '${script('libtorch.mjs')}';
	linkView('${project}', '${libtorch}', {libraries: ['libgomp.so.1', 'libc10.so', 'libtorch_cpu.so'], version: '2.13.0'});`;

/** Runs a piece of the set-up in a process of its own. */
const evaluate = async (code: string, env: NodeJS.ProcessEnv = {}) =>
	execa(process.execPath, ['--input-type=module', '--eval', code], {reject: false, env});

test('a LIBTORCH with CUDA is linked without its CUDA libraries', async t => {
	const folder = temporaryFolder(t);
	const own = path.join(folder, 'own');
	mkdirSync(path.join(own, 'include', 'torch'), {recursive: true});
	mkdirSync(path.join(own, 'lib'));
	for (const name of ['libtorch_cpu.so', 'libtorch_cuda.so', 'libc10.so', 'libtorch.so']) {
		writeFileSync(path.join(own, 'lib', name), '');
	}

	const {exitCode, stderr} = await evaluate(linkView(folder, own));
	t.is(exitCode, 0, stderr);
	const lib = path.join(folder, 'build', 'libtorch', 'lib');
	t.deepEqual(
		readdirSync(lib)
			.filter(name => name !== 'libtorch.so')
			.sort(),
		['libc10.so', 'libtorch_cpu.so'],
	);
	if (process.platform === 'linux') {
		t.is(readFileSync(path.join(lib, 'libtorch.so'), 'utf8'), 'INPUT(-ltorch_cpu)\n');
	}
});

test('a libtorch without headers is refused: nothing can be built with it', async t => {
	const folder = temporaryFolder(t);
	const {stderr} = await evaluate(linkView(folder, folder));
	t.regex(stderr, /MissingNeed.+ has no headers in `include\/torch`, which a build needs/);
});

const locking = (lock: string, log: string): string => `
	import {appendFileSync} from 'node:fs';
	import {setTimeout} from 'node:timers/promises';
	import {withLock} from '${path.join(root, 'ts', 'machine', 'lock.js')}';
	await withLock('${lock}', console.error, async () => {
		appendFileSync('${log}', 'in ');
		await setTimeout(50);
		appendFileSync('${log}', 'out ');
	});`;

test('of several set-ups at once one works at a time, and a holder that died is passed over', async t => {
	const folder = temporaryFolder(t);
	const lock = path.join(folder, 'lock');
	const log = path.join(folder, 'log');
	const dead = await execa(process.execPath, ['--eval', 'console.log(process.pid)']);
	writeFileSync(lock, dead.stdout);
	const results = await Promise.all(Array.from({length: 4}, async () => evaluate(locking(lock, log))));
	t.deepEqual(
		results.map(({exitCode}) => exitCode),
		[0, 0, 0, 0],
	);
	t.is(readFileSync(log, 'utf8'), 'in out '.repeat(4));
	t.deepEqual(readdirSync(folder), ['log']);
});

test('libtorch is asked for by what needs it, and by nothing else', async t => {
	const folder = temporaryFolder(t);
	const run = (name: string, options: object): string => {
		mkdirSync(path.join(folder, name));
		writeFileSync(path.join(folder, name, 'config.json'), JSON.stringify({options}));
		return path.join(folder, name);
	};

	const onAten = run('aten', {engine: 'aten'});
	const onFused = run('fused', {engine: 'auto'});
	const cases: Array<[commandLine: string, reason: string | null]> = [
		['train --step lr-scheduler', null],
		['train --step lr-scheduler --engine fused --device cpu', null],
		['train --step lr-scheduler --engine aten', '`--engine aten` runs on'],
		['train --engine=aten --step lr-scheduler', '`--engine aten` runs on'],
		['train --step lr-scheduler --device cuda', '`--device cuda` runs on'],
		['train --step lr-scheduler --engine', null],
		[`train --resume ${onAten}`, `The run in ${onAten} goes on with`],
		[`train --resume ${onFused}`, null],
		[`train --resume ${path.join(folder, 'none')}`, null],
		['bench --step dropout', '`bench` times'],
		['bench --help', null],
		['summary --step lr-scheduler', null],
		['predict model.safetensors 7.png', null],
	];
	const {stdout} = await evaluate(`
		import {torchReason} from '${script('torch-reason.mjs')}';
		const commandLines = ${JSON.stringify(cases.map(([commandLine]) => commandLine.split(' ')))};
		console.log(JSON.stringify(commandLines.map(words => torchReason(words) ?? null)));`);
	t.deepEqual(
		JSON.parse(stdout),
		cases.map(([, reason]) => reason),
	);
});

// Whoever may write everything is kept from it by a file system of the test's own alone.
const [unshare, flags] = ['unshare', ['--map-root-user', '--mount']];
const canRemount = spawnSync(unshare, [...flags, 'true']).status === 0;
(canRemount ? test : test.skip)('a clone that can’t be written is used as it is, while it is up to date', async t => {
	const inClone = async (change: string) =>
		execa(
			unshare,
			[
				...flags,
				'sh',
				'-c',
				`cd "$0" && mount --bind . . && mount -o remount,ro,bind . && cd "$0" && ${change} npm run -s ladder`,
				root,
			],
			{
				reject: false,
			},
		);
	const used = await inClone('');
	t.is(used.exitCode, 0, used.stderr);
	t.regex(used.stdout, /^weight-averaging /m);
	const stale = await inClone('mount -t tmpfs -o ro none build/addon &&');
	t.is(stale.exitCode, 1);
	t.regex(
		stale.stderr,
		/^stepladder: \S+ can’t be written, and has to be built first: run `npm run build` there as somebody who may$/m,
	);
});
