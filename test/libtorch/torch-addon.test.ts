import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {FetchError, WriteError} from '../../ts/errors/index.js';
import {ensureTorchAddon} from '../../ts/libtorch/torch-addon.js';
import {packageVersion} from '../../ts/platform/package-root.js';
import {thisPlatform} from '../../ts/platform/platform.js';
import {temporaryFolder} from '../helpers/folder.js';
import {serve} from '../helpers/serve.js';

const version = packageVersion();
const name = `@stepladder/torch-${thisPlatform()}`;
const addonName = `addon-torch-${version}-${thisPlatform()}`;

/** Starts an npm registry with only the addon's package, and returns its list of requests. */
const npmRegistry = async (t: ExecutionContext, {published = version, damaged = false} = {}): Promise<string[]> => {
	const folder = temporaryFolder(t);
	const sha256 = createHash('sha256').update('what an addon holds').digest('hex');
	const about = {name, version: published, main: 'stepladder.node', sha256};
	writeFileSync(path.join(folder, 'package.json'), JSON.stringify(about));
	writeFileSync(path.join(folder, 'stepladder.node'), 'what an addon holds');
	const {stdout} = await execa('npm', ['pack', '--silent'], {cwd: folder, stdin: 'ignore'});
	const archive = readFileSync(path.join(folder, stdout.trim()));
	const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
	const requests: string[] = [];
	const registry = await serve(t, ({url = ''}, response, origin) => {
		requests.push(decodeURIComponent(url));
		if (url === '/archive.tgz') {
			response.end(damaged ? archive.subarray(0, -20) : archive);
		} else if (decodeURIComponent(url) === `/${name}`) {
			const dist = {tarball: `${origin}/archive.tgz`, integrity};
			const versions = {[published]: {...about, dist}};
			response.setHeader('content-type', 'application/json');
			response.end(JSON.stringify({name, versions, 'dist-tags': {latest: published}}));
		} else {
			response.writeHead(404).end('{}');
		}
	});
	process.env['npm_config_registry'] = registry;
	process.env['npm_config_fetch_retries'] = '0';
	process.env['npm_config_cache'] = temporaryFolder(t);
	return requests;
};

/** Sets an empty cache, until the next test. */
const emptyCache = (t: ExecutionContext): string => {
	const cache = temporaryFolder(t);
	process.env['STEPLADDER_CACHE'] = cache;
	return cache;
};

test.serial('the addon is fetched once from npm’s registry', async t => {
	const cache = emptyCache(t);
	const requests = await npmRegistry(t);
	const addon = await ensureTorchAddon();
	t.is(addon, path.join(cache, addonName, 'stepladder.node'));
	t.is(readFileSync(addon, 'utf8'), 'what an addon holds');
	t.deepEqual(readdirSync(cache), [addonName]);
	t.deepEqual([...new Set(requests)], [`/${name}`, '/archive.tgz']);
	const asked = requests.length;
	t.is(await ensureTorchAddon(), addon);
	t.is(requests.length, asked);
});

test.serial('an addon in the cache that was changed, truncated or deleted is fetched again', async t => {
	const cache = emptyCache(t);
	await npmRegistry(t);
	const addon = await ensureTorchAddon();
	for (const harm of [
		() => writeFileSync(addon, 'what an addon never held'),
		() => truncateSync(addon, 3),
		() => rmSync(addon),
		() => rmSync(path.join(path.dirname(addon), 'package.json')),
	]) {
		harm();
		t.is(await ensureTorchAddon(), addon);
		t.is(readFileSync(addon, 'utf8'), 'what an addon holds');
	}

	t.deepEqual(readdirSync(cache), [addonName]);
});

test.serial('temporary files of a killed set-up are removed by the next, except those in use', async t => {
	const cache = emptyCache(t);
	await npmRegistry(t);
	const left = [`${addonName}.new-abcdef`, 'addon-torch-0.0.1-nowhere.new', 'libtorch-2.0.0-nowhere.wheels'];
	const kept = ['libtorch-2.1.0-nowhere.wheels', 'libtorch-2.1.0-nowhere.lock', 'data', 'libtorch-2.0.0-nowhere'];
	for (const name of [...left, ...kept]) {
		mkdirSync(path.join(cache, name));
	}

	await ensureTorchAddon();
	t.deepEqual(readdirSync(cache).sort(), [...kept, addonName].sort());
});

test.serial('an addon that was damaged in transfer is refused', async t => {
	const cache = emptyCache(t);
	await npmRegistry(t, {damaged: true});
	await t.throwsAsync(ensureTorchAddon(), {
		instanceOf: FetchError,
		message: /^npm could not fetch @stepladder\/torch-.+ \(.*(?:integrity|EINTEGRITY|corrupted).*\): check the network/,
	});
	t.deepEqual(readdirSync(cache), []);
});

test.serial('a registry without the addon of this version is reported, with another way', async t => {
	const cache = emptyCache(t);
	await npmRegistry(t, {published: '0.0.1'});
	const error = await t.throwsAsync(ensureTorchAddon(), {instanceOf: FetchError});
	t.regex(error.message, /\(.*No matching version found for @stepladder\/torch-.+\): check the network/);
	t.true(error.message.endsWith(`with \`npm install ${name}@${version}\``));
	t.deepEqual(readdirSync(cache), []);
});

test.serial('a cache that can’t be written is named', async t => {
	const cache = path.join(emptyCache(t), 'cache');
	process.env['STEPLADDER_CACHE'] = cache;
	writeFileSync(cache, 'a file where the folder should be');
	await t.throwsAsync(ensureTorchAddon(), {
		instanceOf: WriteError,
		message: /^could not write the cache in .+; name another folder by STEPLADDER_CACHE$/,
	});
});

test.serial('a platform without a libtorch is reported, and no registry is asked', async t => {
	const cache = emptyCache(t);
	const requests = await npmRegistry(t);
	const {arch} = process;
	t.teardown(() => Object.defineProperty(process, 'arch', {value: arch}));
	Object.defineProperty(process, 'arch', {value: 'riscv64'});
	await t.throwsAsync(ensureTorchAddon(), {
		instanceOf: FetchError,
		message:
			/^there is no ready-made libtorch 2\.13\.0 for \w+-riscv64.* \(there is for linux-x64-gnu, .+\).*build it from source/,
	});
	t.deepEqual(requests, []);
	t.deepEqual(readdirSync(cache), []);
});

test.serial('a missing npm is reported as such, and not as a network error', async t => {
	const cache = emptyCache(t);
	const {PATH, npm_execpath: script} = process.env;
	t.teardown(() => Object.assign(process.env, {PATH, ...(script && {npm_execpath: script})}));
	process.env['PATH'] = cache;
	delete process.env['npm_execpath'];
	const error = await t.throwsAsync(ensureTorchAddon(), {instanceOf: FetchError});
	t.regex(
		error.message,
		/^npm, which fetches @stepladder\/torch-.+, is not on PATH: add it, or install that package beside stepladder /,
	);
	t.deepEqual(readdirSync(cache), []);
});
