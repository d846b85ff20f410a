import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {commandHint} from '../../ts/platform/command-hint.js';
import {hintElsewhere, root} from '../helpers/cli.js';
import {InstalledCopy} from '../helpers/installed-copy.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Types a command line in a ladder's folder. */
const typed = async (own: OwnLadder, line: string) =>
	execa(line, {
		...{shell: true, cwd: own.folder, reject: false, timeout: 240_000},
		env: {STEPLADDER_CACHE: path.join(own.folder, '.cache'), INIT_CWD: undefined},
	});

test('a clone’s script that is typed in the folder of another ladder trains that ladder', async t => {
	const own = tinyLadder(t, {train: 64, test: 30, epochs: 2});
	const trained = await typed(own, `npm run --prefix "${root}" train -- --step tiny --out "my runs"`);
	t.is(trained.exitCode, 0, trained.stderr);
	t.regex(trained.stdout, /^Saved in \/.*\/my runs\/tiny\/\S+-s1$/m);
	t.true(existsSync(path.join(own.folder, 'my runs', 'tiny')));

	const [run = ''] = readdirSync(path.join(own.folder, 'my runs', 'tiny'));
	const model = `my runs/tiny/${run}`;
	const line = `npm run -s --prefix "${root}" predict -- "${model}" data/t10k-images-idx3-ubyte:0`;
	const predicted = await typed(own, line);
	t.regex(predicted.stdout, /^data\/t10k-images-idx3-ubyte:0: /, predicted.stderr);
	const {stdout} = await typed(own, `npm run -s --prefix "${root}" doctor`);
	t.regex(stdout, /✓ Ladder: Bars, 1 step, in /);
});

test('a hint works as it is typed, in a clone and elsewhere', async t => {
	t.is(commandHint('record', '--check', {folder: root}), 'npm run record -- --check');
	t.is(commandHint('runs', '', {folder: path.join(root, 'docs'), quiet: true}), 'npm run -s runs');
	const own = tinyLadder(t);
	t.is(commandHint('ladder', '', {folder: own.folder}), hintElsewhere('ladder'));
	const {stdout} = await typed(own, hintElsewhere('ladder'));
	t.regex(stdout, /^tiny /m);
});

test('hints of an installed package are for npx, whatever npm runs', async t => {
	const installed = new InstalledCopy(t);
	for (const env of [{}, {npm_lifecycle_event: 'record', npm_command: 'run-script'}]) {
		const {stdout} = await installed.run(['record', '--help'], env);
		t.regex(stdout, /Examples:\n {2}npx stepladder record --step baseline\n/);
	}
});

test('a script of a clone takes paths from where it is started by Node', async t => {
	const own = tinyLadder(t);
	const script = path.join(root, 'scripts', 'run.mjs');
	const {stdout} = await execa(process.execPath, [script, 'ladder'], {cwd: own.folder, env: {INIT_CWD: root}});
	t.regex(stdout, /^tiny /m);
});
