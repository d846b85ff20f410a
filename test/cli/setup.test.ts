import {readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {pinFor} from '../../ts/libtorch/pins.js';
import {main} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {serve} from '../helpers/package-index.js';

const pin = pinFor();
/** These are about a platform that has a ready-made libtorch. */
const onTorchPlatform = pin ? test : test.skip;

/** Runs `setup torch` with a cache and an environment of its own: Node and nothing else, unless `env` says so. */
const setUpTorch = (cache: string, commandArguments: readonly string[], env: NodeJS.ProcessEnv = {}) =>
	execa(process.execPath, [main, 'setup', 'torch', ...commandArguments], {
		...{reject: false, extendEnv: false, stdin: 'ignore', timeout: 120_000},
		env: {HOME: cache, PATH: cache, STEPLADDER_CACHE: path.join(cache, 'cache'), ...env},
	});

onTorchPlatform('without pip, and with nothing else to fetch from, the three ways are named', async t => {
	const cache = temporaryFolder(t);
	const {stderr, exitCode} = await setUpTorch(cache, []);
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/^stepladder: fetching libtorch takes one of three: Python .* with pip.*`--index URL` or PIP_INDEX_URL.*torch 2\.13\.0.*`--wheel FILE`.*LIBTORCH\n?$/,
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
	t.regex(stderr, /stepladder: pip could not fetch libtorch .*check the network.*`--index URL`.*`--wheel FILE`/);
	t.deepEqual(readdirSync(path.join(cache, 'cache')), []);
});

onTorchPlatform('a mistyped address, and a wheel that is not there, are wrong usage', async t => {
	const cache = temporaryFolder(t);
	const address = await setUpTorch(cache, ['--index', 'nowhere']);
	t.is(address.exitCode, 2);
	t.regex(address.stderr, /`index` should be the address of a Python package index, such as https:.*got nowhere/);
	const wheel = await setUpTorch(cache, ['--wheel', 'none.whl']);
	t.is(wheel.exitCode, 2);
	t.regex(wheel.stderr, /--wheel none\.whl: there is no such file/);
	const own = await setUpTorch(cache, [], {LIBTORCH: cache});
	t.is(own.exitCode, 2);
	t.regex(own.stderr, /^stepladder: LIBTORCH is /);
	t.deepEqual(readdirSync(cache), [], 'they are told before anything is fetched');
});

onTorchPlatform('Ctrl-C keeps what has come and says so, and the same command goes on from there', async t => {
	const cache = temporaryFolder(t);
	const [torch] = pin?.wheels ?? [];
	const [begun, total] = [3_000_000, 5_000_000];
	const ranges: Array<string | undefined> = [];
	const server = await serve(t, ({url = '', headers}, response) => {
		if (url.startsWith('/torch/')) {
			const files = [{url: '/torch.whl', hashes: {sha256: torch?.sha256}}];
			response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify({files}));
			return;
		}

		ranges.push(headers.range);
		const from = Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0);
		response.writeHead(from > 0 ? 206 : 200, {
			'content-length': total - from,
			...(from > 0 && {'content-range': `bytes ${from}-${total - 1}/${total}`}),
		});
		// The first answer is never finished, the second brings the rest of what is not libtorch.
		if (from > 0) {
			response.end(Buffer.alloc(total - from));
		} else {
			response.write(Buffer.alloc(begun));
		}
	});
	const first = setUpTorch(cache, ['--index', server]);
	first.stderr.setEncoding('utf8').on('data', (text: string) => {
		if (text.includes('60 %')) {
			first.kill('SIGINT');
		}
	});
	const {stderr, exitCode} = await first;
	t.is(exitCode, 130);
	t.regex(stderr, /\ntorch 2\.13\.0: 10 % of 5\.0 MB\n/);
	t.regex(stderr, /\n3\.0 of 5\.0 MB of torch 2\.13\.0 are kept; run the same command again to continue\n/);
	const [folder = ''] = readdirSync(path.join(cache, 'cache'));
	const [part = ''] = readdirSync(path.join(cache, 'cache', folder));
	t.is(statSync(path.join(cache, 'cache', folder, part)).size, begun);

	const second = await setUpTorch(cache, ['--index', server]);
	t.is(second.exitCode, 1);
	t.deepEqual(ranges, [undefined, `bytes=${begun}-`]);
	t.regex(second.stderr, /torch 2\.13\.0 continues after 3\.0 MB\n/);
	t.regex(second.stderr, /stepladder: .*torch\.whl is not torch 2\.13\.0 as it is pinned: expected sha256 .*, got /);
	t.deepEqual(readdirSync(path.join(cache, 'cache')), []);
});
