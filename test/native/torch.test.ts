import {createHash} from 'node:crypto';
import {chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {cachedLibtorch} from '../../ts/libtorch/libtorch-folder.js';
import {type Libraries, writeManifest} from '../../ts/libtorch/manifest.js';
import {pinFor} from '../../ts/libtorch/pins.js';
import {thisPlatform} from '../../ts/platform/platform.js';
import {addonIn, InstalledCopy} from '../helpers/installed-copy.js';

const withLibtorch = ['train', '--step', 'baseline', '--ladder', 'shapes', '--engine', 'aten', '--fast-dev-run'];
const torchPackage = `torch-${thisPlatform()}`;
/** What this clone's set-up has fetched, in the cache of whoever runs the tests. */
const real = cachedLibtorch();

/** An installed package with a ladder to train. */
const installedWithLadder = async (t: ExecutionContext): Promise<InstalledCopy> => {
	const installed = new InstalledCopy(t);
	const {exitCode, stderr} = await installed.run(['init', 'shapes']);
	t.is(exitCode, 0, stderr);
	return installed;
};

test('installed without libtorch, `--engine aten` says the command that gets it, and all else works', async t => {
	const installed = await installedWithLadder(t);
	const kept = withLibtorch.filter(word => word !== '--fast-dev-run'); // a run that is kept has a folder
	for (const words of [withLibtorch, kept]) {
		const {stderr, exitCode} = await installed.run(words);
		t.is(exitCode, 1);
		t.is(
			stderr,
			'stepladder: `--engine aten` and `--device cuda` need libtorch: get it with `npx stepladder setup torch`',
		);
	}

	t.false(existsSync(path.join(installed.folder, 'runs')), 'nothing was begun');
	t.is((await installed.run(withLibtorch.map(word => (word === 'aten' ? 'fused' : word)))).exitCode, 0);
	t.regex((await installed.run(['doctor'])).stdout, /✓ libtorch: not here, .*`npx stepladder setup torch`/);
});

test('with the addon’s package beside it, libtorch is found in the cache, wherever the package lies', async t => {
	const installed = await installedWithLadder(t);
	installed.addPackage(torchPackage, addonIn('addon-torch'));
	const {stdout, stderr, exitCode} = await installed.run(withLibtorch, {STEPLADDER_CACHE: path.dirname(real)});
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /Verdict/);
});

test('an addon’s package of another version is not taken', async t => {
	const installed = await installedWithLadder(t);
	installed.addPackage(torchPackage, addonIn('addon-torch'), '0.0.1');
	t.regex((await installed.run(withLibtorch)).stderr, /get it with `npx stepladder setup torch`$/);
});

test('an addon that was built from other sources is not taken', async t => {
	const installed = await installedWithLadder(t);
	const {sources} = (
		createRequire(import.meta.url)(addonIn('addon')) as {runtimeInfo: () => {sources: string}}
	).runtimeInfo();
	const built = readFileSync(addonIn('addon-torch'));
	t.true(built.includes(sources), 'this clone’s two addons are of the same sources');
	for (let place = built.indexOf(sources); place !== -1; place = built.indexOf(sources)) {
		built.write('0'.repeat(sources.length), place); // the compiler may keep it twice
	}

	const older = path.join(installed.folder, 'older.node');
	writeFileSync(older, built);
	installed.addPackage(torchPackage, older);
	const {stderr, exitCode} = await installed.run(withLibtorch, {STEPLADDER_CACHE: path.dirname(real)});
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/^stepladder: .* was built from other sources than the rest: get it again with `npx stepladder setup torch`$/,
	);
});

/** Fills a cache with libraries of these contents, and says that they were as long as in `told`. */
const fillCache = (cache: string, contents: Readonly<Record<string, string>>, told = contents): void => {
	const folder = cachedLibtorch({cache});
	mkdirSync(path.join(folder, 'lib'), {recursive: true});
	for (const [name, content] of Object.entries(contents)) {
		writeFileSync(path.join(folder, 'lib', name), content);
	}

	const libraries: Libraries = Object.fromEntries(
		Object.entries(told).map(([name, content]) => [
			name,
			{bytes: content.length, sha256: createHash('sha256').update(content).digest('hex')},
		]),
	);
	writeManifest(folder, {version: '2.13.0', wheels: [], libraries});
};

test('a libtorch that is gone, cut short or damaged is named, with what mends it', async t => {
	const installed = await installedWithLadder(t);
	installed.addPackage(torchPackage, addonIn('addon-torch'));
	const cache = path.join(installed.folder, 'cache');
	const said = async (): Promise<string> => (await installed.run(withLibtorch)).stderr;
	const whole = Object.fromEntries((pinFor()?.libraries ?? []).map(name => [name, `not ${name} at all`]));
	const [first = ''] = Object.keys(whole);

	t.is(
		await said(),
		`stepladder: libtorch in ${cachedLibtorch({cache})} is missing: get it with \`npx stepladder setup torch\``,
	);
	fillCache(cache, {...whole, [first]: 'no'}, whole);
	t.regex(await said(), / has .+ with 2 of \d+ bytes: get it with `npx stepladder setup torch`$/);
	fillCache(cache, whole);
	t.regex(
		await said(),
		/^stepladder: .+lib.+ could not be opened \(.+\): remove .+ and get it again with `npx stepladder setup torch`$/,
	);
	t.regex((await installed.run(['doctor'])).stdout, /✗ libtorch: .+ could not be opened/);
});

test('a library that was changed since it was fetched is never opened, and `doctor` names it', async t => {
	const installed = await installedWithLadder(t);
	installed.addPackage(torchPackage, addonIn('addon')); // which is not reached
	const cache = path.join(installed.folder, 'cache');
	const whole = Object.fromEntries((pinFor()?.libraries ?? []).map(name => [name, `not ${name} at all`]));
	const [first = ''] = Object.keys(whole);
	fillCache(cache, {...whole, [first]: `now ${first} at all`}, whole);
	const {stderr, exitCode} = await installed.run(withLibtorch);
	t.is(exitCode, 1);
	t.true(
		stderr.startsWith(
			`stepladder: libtorch in ${cachedLibtorch({cache})} has ${first} with other bytes than were unpacked: get`,
		),
		stderr,
	);
	const doctor = await installed.run(['doctor']);
	t.is(doctor.exitCode, 1);
	t.regex(
		doctor.stdout,
		/✗ libtorch: .+ with other bytes than were unpacked: get it with `npx stepladder setup torch`$/m,
	);
	if (process.getuid !== undefined) {
		chmodSync(cache, 0o777);
		t.regex((await installed.run(withLibtorch)).stderr, /cache in \S+ may be written to by other users/);
	}
});

test('to `doctor` a set-up that was ended after the addon and before libtorch is no fault', async t => {
	const installed = await installedWithLadder(t);
	installed.addPackage(torchPackage, addonIn('addon'));
	const {stdout, exitCode} = await installed.run(['doctor', '--ladder', 'shapes']);
	t.is(exitCode, 0, stdout);
	t.regex(stdout, /✓ libtorch: not here, .*`npx stepladder setup torch`/);
});
