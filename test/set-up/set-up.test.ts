import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {script as projectScript} from '../helpers/clone.js';
import {temporaryFolder} from '../helpers/folder.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const script = (name: string): string => path.join(root, 'scripts', 'set-up', name);

const linkView = (project: string, libtorch: string): string => `
	import {linkView} from '${script('libtorch.mjs')}';
	linkView('${project}', '${libtorch}', {libraries: ['libgomp.so.1', 'libc10.so', 'libtorch_cpu.so'], version: '2.13.0'});`;

/** Runs code of the set-up in a child process. */
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

test('a libtorch without headers is refused', async t => {
	const folder = temporaryFolder(t);
	const {stderr} = await evaluate(linkView(folder, folder));
	t.regex(stderr, /MissingNeed.+ has no headers in `include\/torch`, which a build needs/);
});

test('only commands that need libtorch ask for it', async t => {
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
		[`train --resume ${onAten}`, `The run in ${onAten} resumes on`],
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

// A user who may write everything is stopped only by a read-only mount.
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
		/^stepladder: \S+ can’t be written, and has to be built first: run `npm run build` there as a user who may write to it$/m,
	);
});

test('a built file that is missing or truncated is rebuilt', async t => {
	const {unlessBuilt, wasChanged} = await projectScript('set-up/stamp.mjs');
	const output = path.join(temporaryFolder(t), 'output');
	const made = path.join(output, 'inner', 'made.js');
	let times = 0;
	const build = async (wanted = 'sources'): Promise<number> => {
		await unlessBuilt(output, wanted, async () => {
			times += 1;
			mkdirSync(path.dirname(made), {recursive: true});
			writeFileSync(made, 'what is made');
		});
		return times;
	};
	t.false(wasChanged(output)); // never made
	t.is(await build(), 1);
	t.is(await build(), 1);
	t.false(wasChanged(output));
	writeFileSync(made, 'what is');
	t.true(wasChanged(output));
	t.is(await build(), 2);
	rmSync(made);
	t.is(await build(), 3);
	rmSync(output, {recursive: true});
	t.is(await build(), 4);
	t.is(await build('other sources'), 5);
	t.is(await build('other sources'), 5);
});
