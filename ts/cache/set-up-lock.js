import {randomBytes} from 'node:crypto';
import {
	closeSync,
	constants,
	fstatSync,
	futimesSync,
	linkSync,
	lstatSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	writeSync,
} from 'node:fs';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {isAlive, processSpace} from '../platform/processes.js';

/** The lock was taken away while work went on. Its message is for people. */
export class LockLost extends Error {}

/** How often a holder shows that it lives, and after how long without such a sign it counts as gone, in milliseconds. */
const pace = {beat: 5000, stale: 60_000};

/**
 * Runs `work` while nobody else holds the lock: no process of this machine, of a container or of another machine that
 * shares the folder.
 *
 * A holder touches its file every few seconds. Whoever waits takes the lock over where it was not touched for a minute, by
 * a clock of its own, or at once where the process that it names ran here and is gone. A holder that stood still for so
 * long, or whose folder was deleted, learns of it at its next beat: `work` is told by its signal, and the lock is lost.
 *
 * This file is plain JavaScript, and needs no package, because the set-up of a clone runs it before there are any.
 *
 * @template Value
 * @param {string} lockFile
 * @param {(line: string) => void} tell told once where another holds it
 * @param {(signal: AbortSignal) => Promise<Value>} work
 * @param {{signal?: AbortSignal | undefined, beat?: number, stale?: number}} [options] `signal` ends the wait and the work
 * @returns {Promise<Value>}
 * @throws {LockLost}
 */
export const withLock = async (lockFile, tell, work, {signal, ...times} = {}) => {
	const {beat, stale} = {...pace, ...times};
	const file = await take(lockFile, tell, stale, signal);
	const lost = new AbortController();
	const ending = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
	const timer = setInterval(() => {
		if (!showLife(file, lockFile)) {
			lost.abort(new LockLost(`${lockFile} was taken away while this set-up worked: run the command again`));
		}
	}, beat);
	timer.unref();
	try {
		const value = await work(ending);
		lost.signal.throwIfAborted();
		return value;
	} catch (error) {
		throw lost.signal.aborted ? lost.signal.reason : error; // whatever it broke off with
	} finally {
		clearInterval(timer);
		const ours = isOurs(file, lockFile);
		closeSync(file);
		if (ours) {
			rmSync(lockFile, {force: true});
		}
	}
};

/**
 * Takes away a lock whose holder is known to have ended, for who needs it no more.
 *
 * @param {string} lockFile
 */
export const clearDeadLock = lockFile => {
	const sign = lastSign(lockFile);
	if (sign !== '' && isGone(holderOf(lockFile))) {
		try {
			clearAway(lockFile, sign);
		} catch {
			// a cache that can't be written is read all the same
		}
	}
};

/**
 * @param {string} lockFile
 * @param {(line: string) => void} tell
 * @param {number} stale
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<number>} the lock's open file, by which its holder shows that it lives
 */
const take = async (lockFile, tell, stale, signal) => {
	let waited = false;
	let seen = {sign: '', at: 0};
	for (;;) {
		signal?.throwIfAborted();
		const file = create(lockFile);
		if (file !== undefined) {
			return file;
		}

		const sign = lastSign(lockFile);
		const now = performance.now();
		seen = sign === seen.sign ? seen : {sign, at: now};
		const holder = holderOf(lockFile);
		if (sign !== '' && (isGone(holder) || now - seen.at > stale)) {
			clearAway(lockFile, sign);
			continue;
		}

		if (!waited) {
			const who =
				holder?.place === processSpace() ? `process ${holder.pid}` : 'on another machine, in a container, or ended';
			tell(`Waiting for another set-up (${who}) to finish ...`);
			waited = true;
		}

		await sleep(200);
	}
};

/**
 * Makes the lock's file, which must not be there, not even as a link.
 *
 * @param {string} lockFile
 * @returns {number | undefined} nothing where it is there
 */
const create = lockFile => {
	try {
		const file = openSync(lockFile, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
		writeSync(file, JSON.stringify({pid: process.pid, place: processSpace()}));
		return file;
	} catch (error) {
		if (codeOf(error) === 'EEXIST') {
			return undefined;
		}

		throw error;
	}
};

/**
 * Of several who find the same dead holder, one clears it away. Whoever catches a newer lock in its place puts that back.
 *
 * @param {string} lockFile
 * @param {string} sign of the holder that is gone
 */
const clearAway = (lockFile, sign) => {
	const aside = `${lockFile}.${randomBytes(8).toString('hex')}`;
	try {
		renameSync(lockFile, aside);
	} catch (error) {
		if (codeOf(error) === 'ENOENT') {
			return; // somebody else was first
		}

		throw error;
	}

	if (lastSign(aside) !== sign) {
		try {
			linkSync(aside, lockFile);
		} catch {
			// taken anew in between: its holder will find at its next beat that it lost it
		}
	}

	rmSync(aside, {recursive: true, force: true});
};

/**
 * What changes with every beat, and with every holder.
 *
 * @param {string} lockFile
 * @returns {string} empty where there is no lock
 */
const lastSign = lockFile => {
	const found = lstatSync(lockFile, {throwIfNoEntry: false, bigint: true});
	return found ? `${found.dev} ${found.ino} ${found.mtimeNs}` : '';
};

/**
 * Touches the lock.
 *
 * @param {number} file
 * @param {string} lockFile
 * @returns {boolean} whether it is still ours
 */
const showLife = (file, lockFile) => {
	try {
		futimesSync(file, new Date(), new Date());
		return isOurs(file, lockFile);
	} catch {
		return false; // its disk is gone, or can't be written any more
	}
};

/**
 * @param {number} file
 * @param {string} lockFile
 */
const isOurs = (file, lockFile) => {
	const [own, found] = [fstatSync(file, {bigint: true}), lstatSync(lockFile, {throwIfNoEntry: false, bigint: true})];
	return found !== undefined && found.dev === own.dev && found.ino === own.ino;
};

/**
 * Who holds a lock, by what it says.
 *
 * @param {string} lockFile
 * @returns {{pid: number, place: string} | undefined} nothing where it says nothing, or is gone
 */
const holderOf = lockFile => {
	try {
		if (!lstatSync(lockFile).isFile()) {
			return undefined; // a link is not followed, and a pipe not waited on
		}

		const {pid, place} = JSON.parse(readFileSync(lockFile, 'utf8'));
		return Number.isSafeInteger(pid) && pid > 0 && typeof place === 'string' ? {pid, place} : undefined;
	} catch {
		return undefined;
	}
};

/**
 * Whether a holder is known to have ended. The number of a process says something only where it was given.
 *
 * @param {{pid: number, place: string} | undefined} holder
 */
const isGone = holder => holder?.place === processSpace() && !isAlive(holder.pid);

/** @param {unknown} error */
const codeOf = error => /** @type {NodeJS.ErrnoException} */ (error).code;
