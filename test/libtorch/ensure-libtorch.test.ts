import {createHash} from 'node:crypto';
import {
	chmodSync,
	chownSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {AbortError, ConfigError, FetchError, WriteError} from '../../ts/errors/index.js';
import {ensureLibtorch} from '../../ts/libtorch/ensure-libtorch.js';
import {problemOf} from '../../ts/libtorch/manifest.js';
import type {Pin} from '../../ts/libtorch/pins.js';
import {pythonWithPip} from '../../ts/libtorch/pip.js';
import {fakePin, fakeWheel, fakeWheels, library, writeWheels} from '../helpers/fake-wheels.js';
import {temporaryFolder} from '../helpers/folder.js';
import {endedProcess, holderHere, leaveLock} from '../helpers/lock.js';

delete process.env['LIBTORCH'];

/** Files of a folder, at any depth. */
const filesIn = (folder: string): string[] =>
	readdirSync(folder, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile())
		.map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
		.filter(file => !file.endsWith('/verified.json')) // the state of the verified libraries
		.sort();

const wholeCache = [
	'build-version',
	'include/torch/script.h',
	'lib/libcudart.so',
	'lib/libtorch_cpu.so',
	'licenses/nvidia-cuda-runtime-0.2/License.txt',
	'licenses/torch-0.1/LICENSE',
	'licenses/torch-0.1/third_party/fmt/LICENSE',
	'manifest.json',
].map(file => `libtorch-0.1-nowhere-x64/${file}`);

/** Lets pip find these wheels and ask no network, until the next test. */
const forPip = (...wheels: readonly string[]): void => {
	process.env['PIP_NO_INDEX'] = '1';
	process.env['PIP_FIND_LINKS'] = wheels.join(' ');
};

const wheelFiles = (t: ExecutionContext, torch?: Uint8Array): string[] => writeWheels(temporaryFolder(t), torch);

const withPip = pythonWithPip() === undefined ? test.skip : test.serial;

withPip('libraries, headers and licences come through pip, once', async t => {
	const cache = temporaryFolder(t);
	forPip(...wheelFiles(t));
	const lines: string[] = [];
	const report = (line: string): void => void lines.push(line);
	const folders = await Promise.all(
		Array.from({length: 3}, async () => ensureLibtorch({pin: fakePin(), cache, report})),
	);
	const [folder = ''] = folders;
	t.is(new Set(folders).size, 1);
	t.deepEqual(filesIn(cache), wholeCache);
	t.deepEqual(readFileSync(path.join(folder, 'lib', 'libtorch_cpu.so')), library);
	t.is(problemOf(folder), undefined);
	forPip();
	t.is(await ensureLibtorch({pin: fakePin(), cache, report}), folder);
	t.is(lines.filter(line => line.startsWith('Fetching libtorch 0.1 by pip (0.4 MB, kept in ')).length, 1);
});

withPip('pip refuses a wheel with another hash', async t => {
	const cache = temporaryFolder(t);
	forPip(...wheelFiles(t));
	const pin = fakePin({torch: {...fakeWheels.torch, sha256: 'a'.repeat(64)}});
	await t.throwsAsync(ensureLibtorch({pin, cache}), {instanceOf: FetchError, message: /^pip could not fetch libtorch/});
	t.deepEqual(filesIn(cache), []);
});

withPip('a cancelled fetch continues with the wheels that pip has finished', async t => {
	const [torch = ''] = wheelFiles(t);
	const cache = temporaryFolder(t);
	const kept = path.join(cache, 'libtorch-0.1-nowhere-x64.wheels');
	mkdirSync(kept);
	copyFileSync(torch, path.join(kept, path.basename(torch)));
	const controller = new AbortController();
	const cancelled = ensureLibtorch({
		pin: fakePin(),
		cache,
		report: () => controller.abort(),
		signal: controller.signal,
	});
	await t.throwsAsync(cancelled, {instanceOf: AbortError});
	forPip(...wheelFiles(t, new Uint8Array(1000))); // would be refused if it was fetched
	await ensureLibtorch({pin: fakePin(), cache});
	t.deepEqual(filesIn(cache), wholeCache);
});

withPip('given wheels are used, and only the others are fetched', async t => {
	const [torch = '', runtime = ''] = wheelFiles(t);
	const cache = temporaryFolder(t);
	forPip();
	await ensureLibtorch({pin: fakePin(), cache, wheels: [torch, runtime]});
	t.deepEqual(filesIn(cache), wholeCache);
	t.true(existsSync(torch));

	forPip(runtime);
	const other = temporaryFolder(t);
	await ensureLibtorch({pin: fakePin(), cache: other, wheels: [torch]});
	t.deepEqual(filesIn(other), wholeCache);
});

test('a wheel that was cut short is refused by its hash', async t => {
	const wheels = wheelFiles(t, fakeWheels.torch.bytes.subarray(0, 1000));
	const cache = temporaryFolder(t);
	const error = await t.throwsAsync(ensureLibtorch({pin: fakePin(), cache, wheels}), {instanceOf: FetchError});
	t.true(error.message.includes(`expected sha256 ${fakeWheels.torch.sha256}, which torch 0.1 for nowhere-x64 has`));
	t.regex(error.message, /got sha256 [0-9a-f]{64} over 1000 bytes\. It may be cut short, or another build$/);
	await t.throwsAsync(ensureLibtorch({pin: fakePin(), cache, wheels: ['none.whl']}), {
		instanceOf: ConfigError,
		message: '--wheel none.whl: file not found',
	});
	t.deepEqual(filesIn(cache), []);
});

/** A pin whose torch is these bytes, which are here. */
const pinnedTo = (t: ExecutionContext, torch: ReturnType<typeof fakeWheel>): {pin: Pin; wheels: string[]} => ({
	pin: fakePin({torch}),
	wheels: wheelFiles(t, torch.bytes),
});

const refusesToUnpack = test.macro(
	async (t, torch: Pick<ReturnType<typeof fakeWheel>, 'bytes' | 'sha256'>, message: RegExp) => {
		const folder = temporaryFolder(t);
		const cache = path.join(folder, 'a', 'cache');
		await t.throwsAsync(ensureLibtorch({...pinnedTo(t, torch as ReturnType<typeof fakeWheel>), cache}), {
			instanceOf: FetchError,
			message,
		});
		t.deepEqual(filesIn(folder), []);
	},
);

test(
	'an entry that would be written outside the folder is refused',
	refusesToUnpack,
	fakeWheel({'torch/include/../../../evil.h': new Uint8Array(3)}),
	/can't be unpacked \(invalid relative path: torch\/include\/\.\.\/\.\.\/\.\.\/evil\.h\)/,
);

test(
	'an entry with an absolute path is refused',
	refusesToUnpack,
	fakeWheel({'/torch/include/evil.h': new Uint8Array(3)}),
	/can't be unpacked \(absolute path: \/torch\/include\/evil\.h\)/,
);

test(
	'a wheel without one of the libraries is refused',
	refusesToUnpack,
	fakeWheel({'torch/include/a.h': new Uint8Array(3)}),
	/^the wheels of libtorch 0\.1 lack libtorch_cpu\.so$/,
);

test('an error about a cache that can’t be written says how to choose another', async t => {
	const cache = path.join(temporaryFolder(t), 'cache');
	writeFileSync(cache, 'a file where the folder should be');
	const error = await t.throwsAsync(ensureLibtorch({pin: fakePin(), cache, wheels: wheelFiles(t)}), {
		instanceOf: WriteError,
	});
	t.regex(
		error.message,
		/^could not write the cache in .+ \(E(?:EXIST|NOTDIR).*\); name another folder by STEPLADDER_CACHE$/,
	);
});

test('a disk that fills up while unpacking is reported, and no partial files are left', async t => {
	const cache = temporaryFolder(t);
	const mount = await execa('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', cache], {reject: false});
	if (mount.exitCode !== 0) {
		t.log('skipped: a disk that is nearly full takes the right to mount one');
		t.pass();
		return;
	}

	t.teardown(async () => execa('umount', [cache]));
	const error = await t.throwsAsync(ensureLibtorch({pin: fakePin(), cache, wheels: wheelFiles(t)}), {
		instanceOf: WriteError,
	});
	t.regex(error.message, /^could not write the cache in .+libtorch_cpu\.so \(ENOSPC: .+\); name another folder by/);
	t.deepEqual(filesIn(cache), []);
});

test('a folder that lacks a library, or has a truncated one, is replaced', async t => {
	const cache = temporaryFolder(t);
	const wheels = wheelFiles(t);
	const folder = await ensureLibtorch({pin: fakePin(), cache, wheels});
	writeFileSync(path.join(folder, 'lib', 'libtorch_cpu.so'), library.subarray(0, 1000));
	t.is(problemOf(folder), 'has libtorch_cpu.so with 1000 of 400000 bytes');
	await ensureLibtorch({pin: fakePin(), cache, wheels});
	t.is(problemOf(folder), undefined);
});

test('a library that was changed since it was verified is found, stays refused, and is replaced', async t => {
	const cache = temporaryFolder(t);
	const wheels = wheelFiles(t);
	const folder = await ensureLibtorch({pin: fakePin(), cache, wheels});
	t.is(problemOf(folder), undefined);
	const file = path.join(folder, 'lib', 'libtorch_cpu.so');
	const {atime, mtime} = statSync(file);
	const changed = Buffer.from(library);
	changed[200_000] = (changed[200_000] ?? 0) ^ 1;
	writeFileSync(file, changed);
	utimesSync(file, atime, mtime); // as an attacker would
	const problem = 'has libtorch_cpu.so with other bytes than were unpacked';
	t.is(problemOf(folder), problem);
	t.is(problemOf(folder), problem);
	await ensureLibtorch({pin: fakePin(), cache, wheels});
	t.is(problemOf(folder), undefined);
	t.deepEqual(readFileSync(file), library);
});

test('an unchanged library is read again only with `reread`', async t => {
	const cache = temporaryFolder(t);
	const folder = await ensureLibtorch({pin: fakePin(), cache, wheels: wheelFiles(t)});
	t.is(problemOf(folder), undefined);
	const memory = path.join(folder, 'verified.json');
	const manifest = path.join(folder, 'manifest.json');
	const other = (text: string): string =>
		text.replaceAll(createHash('sha256').update(library).digest('hex'), 'a'.repeat(64));
	for (const file of [memory, manifest]) {
		writeFileSync(file, other(readFileSync(file, 'utf8'))); // a hash that differs when the library is read
	}

	t.is(problemOf(folder), undefined);
	t.regex(problemOf(folder, {reread: true}) ?? '', /other bytes/);
});

test('a cache is private to its user, and one that others may write to is refused', async t => {
	if (process.getuid === undefined) {
		t.pass('Windows keeps caches in a folder of the user’s own');
		return;
	}

	const cache = path.join(temporaryFolder(t), 'a', 'cache');
	const wheels = wheelFiles(t);
	await ensureLibtorch({pin: fakePin(), cache, wheels});
	t.is(statSync(cache).mode & 0o777, 0o700);
	const refused = async (message: RegExp): Promise<void> => {
		await t.throwsAsync(ensureLibtorch({pin: fakePin(), cache, wheels}), {instanceOf: ConfigError, message});
	};
	for (const mode of [0o777, 0o1777, 0o770]) {
		chmodSync(cache, mode);
		await refused(
			/^the cache in \S+ may be written to by other users, and code in it would be run: .*`chmod go-w \S+`/,
		);
	}

	chmodSync(cache, 0o755);
	await t.notThrowsAsync(ensureLibtorch({pin: fakePin(), cache, wheels}));
	if (process.getuid() === 0) {
		chownSync(cache, 65_534, 65_534);
		await refused(
			/ belongs to another user \(number 65534, you are 0\), .*name a folder of your own by STEPLADDER_CACHE$/,
		);
	}
});

test('a link with the name of the lock is not followed', async t => {
	const cache = temporaryFolder(t);
	const precious = path.join(temporaryFolder(t), 'precious');
	writeFileSync(precious, 'mine');
	symlinkSync(precious, path.join(cache, 'libtorch-0.1-nowhere-x64.lock'));
	symlinkSync(precious, path.join(cache, `libtorch-0.1-nowhere-x64.lock.${process.pid}`));
	const controller = new AbortController();
	const waiting = ensureLibtorch({
		...{pin: fakePin(), cache, wheels: wheelFiles(t), signal: controller.signal},
		report: () => controller.abort(),
	});
	await t.throwsAsync(waiting, {instanceOf: AbortError}); // the wait can be ended
	t.is(readFileSync(precious, 'utf8'), 'mine');
});

test('if libtorch is complete, the lock of an ended process is removed, that of a live one stays', async t => {
	const cache = temporaryFolder(t);
	await ensureLibtorch({pin: fakePin(), cache, wheels: wheelFiles(t)});
	const lock = path.join(cache, 'libtorch-0.1-nowhere-x64.lock');
	for (const [pid, stays] of [
		[endedProcess(), false],
		[process.pid, true],
	] as const) {
		leaveLock(lock, holderHere(pid));
		await ensureLibtorch({pin: fakePin(), cache});
		t.is(existsSync(lock), stays);
	}
});

test('LIBTORCH replaces the cache, and one of another version is refused by both versions', async t => {
	const folder = temporaryFolder(t);
	const ensured = async () =>
		execa(
			process.execPath,
			[
				...['--input-type=module', '--eval'],
				`import {ensureLibtorch} from '${new URL('../../ts/libtorch/ensure-libtorch.js', import.meta.url).href}';
				await ensureLibtorch().then(console.log, error => console.log(error.name, error.message));`,
			],
			{env: {LIBTORCH: folder}},
		);
	t.regex((await ensured()).stdout, /^ConfigError LIBTORCH is .* which should be a folder with libtorch’s `lib`/);
	mkdirSync(path.join(folder, 'lib'));
	writeFileSync(path.join(folder, 'build-version'), '2.4.0+cpu\n');
	t.regex(
		(await ensured()).stdout,
		/^ConfigError LIBTORCH is .* which contains libtorch 2\.4\.0; version 2\.13\.0 is needed/,
	);
	rmSync(path.join(folder, 'build-version'));
	writeFileSync(path.join(folder, 'version.py'), "__version__ = '2.13.0+cu130'\n"); // as in a Python package
	t.is((await ensured()).stdout, folder);
});
