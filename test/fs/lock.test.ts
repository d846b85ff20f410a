import {lutimesSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {AbortError, LockError} from '../../ts/errors/index.js';
import {acquireLock, isLocked, type LockWait, lockHolder, lockWaits} from '../../ts/fs/lock.js';
import {temporaryFolder} from '../helpers/folder.js';
import {elsewhere, leaveLock, otherMachine, setHeartbeat} from '../helpers/lock.js';

const module = fileURLToPath(new URL('../../ts/fs/lock.js', import.meta.url));

const lockIn = (t: ExecutionContext): string => path.join(temporaryFolder(t), '.lock');

/** Starts a process that holds a lock until it is killed; in an object, since it is a promise itself. */
const heldByChild = async (lock: string, before = '') => {
	const script = `import {acquireLock} from ${JSON.stringify(module)};
${before}
await acquireLock('the run', ${JSON.stringify(lock)});
process.stdout.write('held');
setInterval(() => {}, 1000);`;
	const child = execa(process.execPath, ['--input-type=module', '-e', script], {reject: false});
	await new Promise(resolve => child.stdout?.once('data', resolve));
	return {child};
};

test('a lock has one holder at a time, and is free again after its release', async t => {
	const lock = lockIn(t);
	const first = await acquireLock('the run', lock);
	const error = await t.throwsAsync<LockError>(acquireLock('the run', lock), {instanceOf: LockError, code: 'held'});
	t.is(error?.holder?.pid, process.pid);
	t.regex(
		error?.message ?? '',
		/^the run is in use by process \d+ on .+, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: wait until that has finished, or end it$/,
	);
	first.check();
	first.release();
	first.release();
	t.deepEqual(readdirSync(path.dirname(lock)), []);
	(await acquireLock('the run', lock)).release();
});

test('git does not see a lock', async t => {
	const lock = lockIn(t);
	await execa('git', ['init', '-q'], {cwd: path.dirname(lock)});
	const held = await acquireLock('the run', lock);
	t.is((await execa('git', ['status', '--porcelain'], {cwd: path.dirname(lock)})).stdout, '');
	held.release();
});

test('the lock of a killed process is taken over at once, a live one keeps it', async t => {
	const lock = lockIn(t);
	const {child} = await heldByChild(lock);
	const error = await t.throwsAsync<LockError>(acquireLock('the run', lock), {instanceOf: LockError});
	t.is(error?.holder?.pid, child.pid);
	t.is(lockHolder(lock)?.pid, child.pid);
	t.true(isLocked(lock));
	child.kill('SIGKILL');
	await child;
	t.is(lockHolder(lock), undefined);
	t.false(isLocked(lock));
	const held = await acquireLock('the run', lock);
	t.is(JSON.parse(readFileSync(path.join(lock, 'holder.json'), 'utf8')).pid, process.pid);
	held.release();
});

(process.platform === 'linux' ? test : test.skip)(
	'a live holder without heartbeats, as in a debugger, keeps its lock',
	async t => {
		const lock = lockIn(t);
		const {child} = await heldByChild(lock);
		child.kill('SIGSTOP');
		setHeartbeat(lock, 3600);
		await t.throwsAsync(acquireLock('the run', lock), {instanceOf: LockError});
		child.kill('SIGKILL');
		await child;
		(await acquireLock('the run', lock)).release();
	},
);

test('a program that handles a signal in its own way leaves no lock', async t => {
	const lock = lockIn(t);
	const {child} = await heldByChild(lock, "process.once('SIGINT', () => setTimeout(() => process.exit(42), 1));");
	child.kill('SIGINT');
	t.is((await child).exitCode, 42);
	t.deepEqual(readdirSync(path.dirname(lock)), []);
});

test('a lock whose holder can’t be looked up is taken over when it is stale', async t => {
	const lock = lockIn(t);
	leaveLock(lock, elsewhere, 20);
	(await acquireLock('the run', lock)).release();
	mkdirSync(lock); // whose holder was killed before it was written
	setHeartbeat(lock, 20);
	(await acquireLock('the run', lock)).release();
	t.deepEqual(readdirSync(path.dirname(lock)), []);
});

for (const holder of [null, 7, {}, {pid: 'x'}, {pid: 7, host: 'a', id: 'x', space: 'y'}, {...otherMachine, since: 5}]) {
	test(`a lock whose holder reads ${JSON.stringify(holder)} has an unknown holder`, async t => {
		const lock = lockIn(t);
		leaveLock(lock, holder, 10);
		t.is(lockHolder(lock), undefined);
		t.true(isLocked(lock));
		setHeartbeat(lock, 20);
		(await acquireLock('the run', lock)).release();
		t.deepEqual(readdirSync(path.dirname(lock)), []);
	});
}

test('a lock whose heartbeat is in the future, as after a clock went back, is taken over after a watch', async t => {
	const lock = lockIn(t);
	leaveLock(lock, elsewhere, -86_400);
	const waits: unknown[] = [];
	const listen = (wait: unknown): number => waits.push(wait);
	lockWaits.subscribe(listen);
	t.teardown(() => lockWaits.unsubscribe(listen));
	(await acquireLock('the run ahead', lock)).release();
	t.deepEqual(readdirSync(path.dirname(lock)), []);
	t.like(
		waits.filter(wait => (wait as LockWait).what === 'the run ahead'),
		{length: 1, 0: {holder: {pid: elsewhere.pid, host: elsewhere.host}, seconds: 15}},
	);
});

test('a link with the name of a lock is removed when it is stale', async t => {
	const lock = lockIn(t);
	for (const target of ['nowhere', '.lock']) {
		symlinkSync(target, lock);
		lutimesSync(lock, 1, 1);
		(await acquireLock('the run', lock)).release();
		t.deepEqual(readdirSync(path.dirname(lock)), []);
	}
});

test('a process number that was reused keeps no lock alive', async t => {
	const lock = lockIn(t);
	const own = await acquireLock('the run', lock);
	const mark = JSON.parse(readFileSync(path.join(lock, 'holder.json'), 'utf8'));
	own.release();
	leaveLock(lock, {...mark, id: 'x', pid: process.ppid}, 20);
	(await acquireLock('the run', lock)).release();
	t.pass();
});

test('a holder elsewhere with heartbeats is named', async t => {
	const lock = lockIn(t);
	leaveLock(lock, elsewhere, 10);
	let ago = 10;
	const beating = setInterval(() => {
		ago -= 0.1;
		setHeartbeat(lock, ago);
	}, 50);
	t.teardown(() => clearInterval(beating));
	await t.throwsAsync(acquireLock('the run', lock), {
		instanceOf: LockError,
		message: /^the run is in use by process 7 on another-container, since 2026-11-25 02:00:00 UTC: /,
	});
});

test('a live holder on a machine whose clock is behind keeps its lock, though its heartbeats are late', async t => {
	const lock = lockIn(t);
	leaveLock(lock, otherMachine, 16);
	t.true(isLocked(lock));
	const beating = setInterval(() => setHeartbeat(lock, 16), 3000); // due every 2.5 s: its machine is busy
	t.teardown(() => clearInterval(beating));
	await t.throwsAsync(acquireLock('the run', lock), {
		instanceOf: LockError,
		message: /^the run is in use by process 7 on another-machine, /,
	});
	t.true(isLocked(lock));
});

test('a lock of another machine counts as held for an hour after its last heartbeat, unless it is watched', async t => {
	const lock = lockIn(t);
	leaveLock(lock, otherMachine, 3500);
	t.true(isLocked(lock));
	setHeartbeat(lock, 3700);
	t.false(isLocked(lock));
	(await acquireLock('the run', lock)).release();
	t.deepEqual(readdirSync(path.dirname(lock)), []);
});

test('a lock from before this machine was started is stale', async t => {
	const lock = lockIn(t);
	leaveLock(lock, {...otherMachine, host: os.hostname(), space: `${os.hostname()} an-earlier-boot pid:[1]`});
	setHeartbeat(lock, os.uptime() + 60);
	t.false(isLocked(lock));
	(await acquireLock('the run', lock)).release();
	t.deepEqual(readdirSync(path.dirname(lock)), []);
});

test('a signal ends the watch of a holder', async t => {
	const lock = lockIn(t);
	leaveLock(lock, elsewhere, 0);
	await t.throwsAsync(acquireLock('the run', lock, AbortSignal.abort()), {instanceOf: AbortError});
});

test('a holder that was taken over gets an error, and does not remove the other’s lock', async t => {
	const lock = lockIn(t);
	const held = await acquireLock('the run', lock);
	writeFileSync(path.join(lock, 'holder.json'), JSON.stringify({...elsewhere, host: os.hostname()}));
	t.throws(() => held.check(), {instanceOf: LockError, message: /^the run was taken over by process 7 on /});
	t.true(held.signal.aborted);
	held.release();
	t.is(JSON.parse(readFileSync(path.join(lock, 'holder.json'), 'utf8')).id, 'x');
});

test('a lock without a written holder counts as held', t => {
	const lock = lockIn(t);
	t.false(isLocked(lock));
	mkdirSync(lock);
	t.true(isLocked(lock));
	t.is(lockHolder(lock), undefined);
	setHeartbeat(lock, 20);
	t.false(isLocked(lock));
});
