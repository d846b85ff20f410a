import {readdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {pinFor} from '../../ts/libtorch/pins.js';
import {main} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';

const pin = pinFor();
/** These are about a platform that has a ready-made libtorch. */
const onTorchPlatform = pin ? test : test.skip;

/** Runs `setup torch` with a cache and an environment of its own: Node and nothing else, unless `env` says so. */
const setUpTorch = (cache: string, commandArguments: readonly string[], env: NodeJS.ProcessEnv = {}) =>
	execa(process.execPath, [main, 'setup', 'torch', ...commandArguments], {
		...{reject: false, extendEnv: false, stdin: 'ignore', timeout: 120_000},
		env: {HOME: cache, PATH: cache, STEPLADDER_CACHE: path.join(cache, 'cache'), ...env},
	});

onTorchPlatform('without pip, the other ways are named', async t => {
	const cache = temporaryFolder(t);
	const {stderr, exitCode} = await setUpTorch(cache, []);
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/^stepladder: Python .* with pip.* was not found: install it;.*torch 2\.13\.0.*`--wheel FILE`;.*LIBTORCH\n?$/,
	);
	t.deepEqual(readdirSync(path.join(cache, 'cache')), []);
});

onTorchPlatform('where pip finds nothing, the other ways are named, and nothing half done is left', async t => {
	const cache = temporaryFolder(t);
	const {stderr, exitCode} = await setUpTorch(cache, [], {
		...{PATH: process.env['PATH'], HOME: process.env['HOME']},
		...{PIP_NO_INDEX: '1', PIP_FIND_LINKS: cache}, // as if there were no network
	});
	t.is(exitCode, 1);
	t.regex(stderr, /stepladder: pip could not fetch libtorch .*check the network.*PIP_INDEX_URL.*`--wheel FILE`/);
	t.deepEqual(readdirSync(path.join(cache, 'cache')), []);
});

onTorchPlatform('a missing wheel and a wrong LIBTORCH are wrong usage', async t => {
	const cache = temporaryFolder(t);
	const wheel = await setUpTorch(cache, ['--wheel', 'none.whl']);
	t.is(wheel.exitCode, 2);
	t.regex(wheel.stderr, /--wheel none\.whl: file not found/);
	const own = await setUpTorch(cache, [], {LIBTORCH: cache});
	t.is(own.exitCode, 2);
	t.regex(own.stderr, /^stepladder: LIBTORCH is /);
	t.deepEqual(readdirSync(cache), [], 'they are checked before anything is fetched');
});
