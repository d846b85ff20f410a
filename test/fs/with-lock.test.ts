import {
	existsSync,
	lutimesSync,
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
import {setTimeout} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {LockLost, removeStaleLock, withLock} from '../../ts/fs/lock-folder.js';
import {processSpace} from '../../ts/platform/processes.js';
import {temporaryFolder} from '../helpers/folder.js';

// As the source has it: the set-up of a clone runs it before anything is compiled.
const lockModule = fileURLToPath(new URL('../../../ts/fs/lock-folder.js', import.meta.url));

const locking = (lock: string, work: string): string => `
	import {appendFileSync} from 'node:fs';
	import process from 'node:process';
	import {setTimeout} from 'node:timers/promises';
	import {withLock} from '${lockModule}';
	await withLock('${lock}', console.error, async () => {${work}});`;

const evaluate = async (code: string) =>
	execa(process.execPath, ['--input-type=module', '--eval', code], {reject: false});

/** Works that write down when they begin and end, several processes at a time. */
const together = async (lock: string, log: string, count: number) =>
	Promise.all(
		Array.from({length: count}, async () =>
			evaluate(
				locking(lock, `appendFileSync('${log}', 'in '); await setTimeout(50); appendFileSync('${log}', 'out ');`),
			),
		),
	);

test('of several processes one works at a time, and the lock of a killed process is removed at once', async t => {
	const folder = temporaryFolder(t);
	const [lock, log] = [path.join(folder, 'lock'), path.join(folder, 'log')];
	const killed = await evaluate(locking(lock, "process.kill(process.pid, 'SIGKILL');"));
	t.is(killed.signal, 'SIGKILL', killed.stderr);
	t.deepEqual(readdirSync(folder), ['lock']);
	const results = await together(lock, log, 4);
	t.deepEqual(
		results.map(({exitCode}) => exitCode),
		[0, 0, 0, 0],
		results.map(({stderr}) => stderr).join(''),
	);
	t.is(readFileSync(log, 'utf8'), 'in out '.repeat(4));
	t.deepEqual(readdirSync(folder), ['log']);
});

/** Locks whose holder can't be looked up; the files are as earlier versions locked the cache. */
const unknownHolders: Readonly<Record<string, (lock: string) => void>> = {
	'a folder without a holder': lock => mkdirSync(lock),
	'an empty file': lock => writeFileSync(lock, ''),
	'a file that names a live process': lock =>
		writeFileSync(lock, JSON.stringify({pid: process.pid, place: processSpace()})),
	'a file of another container': lock => writeFileSync(lock, JSON.stringify({pid: 1, place: 'elsewhere'})),
	'a broken link': lock => symlinkSync('nowhere', lock),
};
for (const [name, make] of Object.entries(unknownHolders)) {
	test(`as a lock, ${name} is removed once it is stale, by one process alone`, async t => {
		const folder = temporaryFolder(t);
		const [lock, log] = [path.join(folder, 'lock'), path.join(folder, 'log')];
		make(lock);
		const old = Date.now() / 1000 - 20;
		lutimesSync(lock, old, old);
		const results = await together(lock, log, 3);
		t.deepEqual(
			results.map(({exitCode}) => exitCode),
			[0, 0, 0],
			results.map(({stderr}) => stderr).join(''),
		);
		t.regex(
			results.map(({stderr}) => stderr).join('\n'),
			/^Waiting for another set-up \(on another machine, in a container, or ended\)/m,
		);
		t.is(readFileSync(log, 'utf8'), 'in out '.repeat(3));
		t.deepEqual(readdirSync(folder), ['log']);
	});

	test(`as a lock, ${name} is removed by a caller that does not need it only if it is stale`, t => {
		const folder = temporaryFolder(t);
		const lock = path.join(folder, 'lock');
		make(lock);
		removeStaleLock(lock);
		t.deepEqual(readdirSync(folder), ['lock']);
		lutimesSync(lock, 1, 1);
		removeStaleLock(lock);
		t.deepEqual(readdirSync(folder), []);
	});
}

test('a holder keeps its lock by its heartbeat, also if its clock is behind', async t => {
	const lock = path.join(temporaryFolder(t), 'lock');
	await withLock(lock, t.fail, async () => {
		utimesSync(lock, 1, 1);
		await setTimeout(3000);
		t.true(Date.now() - statSync(lock).mtimeMs < 3000);
	});
	t.false(existsSync(lock));

	mkdirSync(lock);
	let at = 1;
	const beating = setInterval(() => {
		at += 1;
		utimesSync(lock, at, at);
	}, 500);
	t.teardown(() => clearInterval(beating));
	const lines: string[] = [];
	const report = (line: string): void => void lines.push(line);
	const wait = AbortSignal.timeout(6000);
	const error = await t.throwsAsync(
		withLock(lock, report, async () => t.fail('two hold it'), wait),
		{any: true},
	);
	t.is(error, wait.reason);
	t.is(lines.length, 1);
});

test('a lock that was removed ends the work of its holder', async t => {
	const folder = path.join(temporaryFolder(t), 'clone');
	mkdirSync(folder);
	const working = withLock(path.join(folder, 'lock'), t.fail, async signal => {
		rmSync(folder, {recursive: true}); // as a user who deletes the clone would
		await setTimeout(240_000, undefined, {signal});
	});
	await t.throwsAsync(working, {
		instanceOf: LockLost,
		message: /lock was removed or taken over while this set-up worked: run the command again$/,
	});
});
