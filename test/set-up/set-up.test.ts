import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {temporaryFolder} from '../helpers/folder.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const script = (name: string): string => path.join(root, 'scripts', 'set-up', name);

/** Runs a piece of the set-up in a process of its own. */
const evaluate = async (code: string, env: NodeJS.ProcessEnv = {}) =>
	execa(process.execPath, ['--input-type=module', '--eval', code], {reject: false, env});

const ensure = (folder: string): string => `
	import {ensureLibtorch} from '${script('libtorch.mjs')}';
	await ensureLibtorch('${folder}').catch(error => {
		console.error(error.constructor.name, error.message);
		process.exitCode = 1;
	});`;

test('a LIBTORCH of another version is refused by both versions', async t => {
	const folder = temporaryFolder(t);
	mkdirSync(path.join(folder, 'include', 'torch'), {recursive: true});
	mkdirSync(path.join(folder, 'lib'));
	writeFileSync(path.join(folder, 'build-version'), '2.4.0+cpu\n');
	const {stderr, exitCode} = await evaluate(ensure(folder), {LIBTORCH: folder});
	t.is(exitCode, 1);
	t.regex(stderr, /^MissingNeed LIBTORCH is .* which holds libtorch 2\.4\.0; version 2\.13\.0 is needed/);
});

test('a LIBTORCH that is none is refused', async t => {
	const folder = temporaryFolder(t);
	const {stderr} = await evaluate(ensure(folder), {LIBTORCH: folder});
	t.regex(stderr, /^MissingNeed LIBTORCH is .* which should be a folder with libtorch's `lib` and `include`/);
});

test('a LIBTORCH with CUDA is linked without its CUDA libraries', async t => {
	const folder = temporaryFolder(t);
	const own = path.join(folder, 'own');
	mkdirSync(path.join(own, 'include', 'torch'), {recursive: true});
	mkdirSync(path.join(own, 'lib'));
	for (const name of ['libtorch_cpu.so', 'libtorch_cuda.so', 'libc10.so', 'libtorch.so']) {
		writeFileSync(path.join(own, 'lib', name), '');
	}

	writeFileSync(path.join(own, 'version.py'), "__version__ = '2.13.0+cu130'\n");
	const {exitCode, stderr} = await evaluate(ensure(folder), {LIBTORCH: own});
	t.is(exitCode, 0, stderr);
	const lib = path.join(folder, 'build', 'libtorch', 'lib');
	t.false(readdirSync(lib).includes('libtorch_cuda.so'));
	if (process.platform === 'linux') {
		t.is(readFileSync(path.join(lib, 'libtorch.so'), 'utf8'), 'INPUT(-ltorch_cpu)\n');
	}
});

test('without pip the set-up says what is missing and how to get it, and leaves nothing behind', async t => {
	const folder = temporaryFolder(t);
	const cache = path.join(folder, 'cache');
	const {LIBTORCH: _, ...env} = process.env;
	const {stderr, exitCode} = await execa(process.execPath, ['--input-type=module', '--eval', ensure(folder)], {
		reject: false,
		extendEnv: false,
		env: {...env, PATH: folder, STEPLADDER_CACHE: cache},
	});
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/MissingNeed Fetching libtorch needs Python 3\.8 or newer with pip, which was not found: install it by/,
	);
	t.deepEqual(readdirSync(cache), []);
});

test('a fetch that fails leaves nothing half done', async t => {
	const folder = temporaryFolder(t);
	const cache = path.join(folder, 'cache');
	const {stderr, exitCode} = await evaluate(ensure(folder), {
		...{LIBTORCH: '', STEPLADDER_CACHE: cache},
		...{PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder}, // as if there were no network
	});
	t.is(exitCode, 1);
	t.regex(stderr, /is the network there\?/);
	t.deepEqual(readdirSync(cache), []);
});

const locking = (lock: string, log: string): string => `
	import {appendFileSync} from 'node:fs';
	import {setTimeout} from 'node:timers/promises';
	import {withLock} from '${script('lock.mjs')}';
	await withLock('${lock}', async () => {
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
