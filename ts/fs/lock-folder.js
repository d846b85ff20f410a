import {randomUUID} from 'node:crypto';
import {lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {clearInterval, setInterval} from 'node:timers'; // those of Node, whatever a test or a page puts in their place
import {setTimeout as sleep} from 'node:timers/promises';
import {isMainThread} from 'node:worker_threads';
import {beganAt, isAlive, processSpace, sharesClock} from '../platform/processes.js';

/**
 * The process that holds a lock, as its `holder.json` says.
 *
 * @typedef {object} Holder
 * @property {string} id
 * @property {number} pid
 * @property {string} host
 * @property {string} space equal for processes that see each other’s numbers
 * @property {string} since in UTC
 * @property {string | undefined} [began] when the process started, if its main thread holds the lock and the system says
 */

/**
 * @typedef {object} Acquisition
 * @property {(holder: Holder | undefined, isLive: boolean, waited: number) => void} onHeld called several times a second
 * while another process holds the lock: `isLive` if it is known to live, `waited` in milliseconds. It may throw to give up
 * @property {(by: Holder | undefined) => Error} lost makes the error for a lock that was lost, to `by` if it was taken over
 * @property {AbortSignal | undefined} signal ends the wait
 */

/** A holder touches its lock every `heartbeat` milliseconds; after `stale` milliseconds without, it counts as dead. */
const heartbeat = 2500;
export const stale = 15_000;

/** The clocks of two machines may differ by less than this, in milliseconds: heartbeats by another clock that are older count as stale. */
const skew = 3_600_000;

/** How often a lock is looked at that another process holds, in milliseconds; the second for work of milliseconds. */
const [poll, shortPoll] = [200, 5];

/**
 * Acquires an exclusive lock. Released explicitly, or when the process exits.
 *
 * A lock is a folder, since making one either succeeds or fails as a whole on every file system. A stale lock is removed: at
 * once if its process ran here and is gone; else, as from another container, once it was watched for 15 seconds without
 * a heartbeat, or for one heartbeat if that was 15 seconds ago by the clock that this machine has too. A process that lives here keeps its lock without
 * heartbeats, as in a debugger, where the system says when it started. Earlier versions locked the cache by a file, which
 * is watched in the same way.
 *
 * This file is plain JavaScript, and needs no package, because the set-up of a clone runs it before there are any.
 *
 * @param {string} folder the lock; its parent must exist
 * @param {Acquisition} acquisition
 * @returns {Promise<HeldLock>}
 * @throws the signal's reason, and whatever `onHeld` throws
 */
export const acquireFolder = async (folder, {signal, ...acquisition}) => {
	const attempt = attemptsOn(folder, acquisition);
	for (;;) {
		const held = attempt();
		if (held) {
			return held;
		}

		await sleep(poll, undefined, signal && {signal}).catch(() => signal?.throwIfAborted());
	}
};

/**
 * Acquires a lock as {@link acquireFolder} does, and blocks the thread meanwhile: for work of milliseconds, during which no
 * other process has to wait for long.
 *
 * @param {string} folder the lock; its parent must exist
 * @param {Omit<Acquisition, 'signal'>} acquisition
 * @returns {HeldLock}
 */
export const acquireFolderSync = (folder, acquisition) => {
	const attempt = attemptsOn(folder, acquisition);
	const never = new Int32Array(new SharedArrayBuffer(4));
	for (;;) {
		const held = attempt();
		if (held) {
			return held;
		}

		Atomics.wait(never, 0, 0, shortPoll);
	}
};

/**
 * Returns a function that tries to acquire a lock, and remembers between its calls whether the holder had a heartbeat.
 *
 * @param {string} folder
 * @param {Omit<Acquisition, 'signal'>} acquisition
 * @returns {() => HeldLock | undefined} `undefined` while another process holds it
 */
const attemptsOn = (folder, {onHeld, lost}) => {
	const lock = path.resolve(folder);
	const begun = performance.now();
	/** @type {{beat: number | undefined, at: number} | undefined} */
	let seen;
	return () => {
		const watched = seen === undefined ? 0 : performance.now() - seen.at;
		const hasStopped = watched > stale || (watched > heartbeat && isStale(lock));
		const held = tryAcquire(lock, lost, hasStopped ? seen?.beat : undefined);
		if (held) {
			return held;
		}

		const beat = beatOf(lock);
		if (beat !== undefined) {
			const holder = holderOf(lock);
			const isLive = (isHere(holder) && !isStale(lock)) || isVerified(holder) || (seen?.beat ?? beat) !== beat;
			onHeld(holder, isLive, performance.now() - begun);
		}

		seen = beat === seen?.beat ? seen : {beat, at: performance.now()};
		return undefined;
	};
};

/** A lock was lost while work went on. Its message is for people. */
export class LockLost extends Error {}

/**
 * Runs `work` under a lock, and waits for the lock first.
 *
 * @template Value
 * @param {string} folder the lock; its parent must exist
 * @param {(line: string) => void} report called once if another process holds it
 * @param {(signal: AbortSignal) => Promise<Value>} work its signal aborts when the lock is lost
 * @param {AbortSignal} [signal] ends the wait and the work
 * @returns {Promise<Value>}
 * @throws {LockLost}
 */
export const withLock = async (folder, report, work, signal) => {
	signal?.throwIfAborted();
	let isReported = false;
	const lock = await acquireFolder(folder, {
		onHeld(holder) {
			if (!isReported) {
				const who = holder && isHere(holder) ? `process ${holder.pid}` : 'on another machine, in a container, or ended';
				report(`Waiting for another set-up (${who}) to finish ...`);
				isReported = true;
			}
		},
		lost: () => new LockLost(`${folder} was removed or taken over while this set-up worked: run the command again`),
		signal,
	});
	try {
		const value = await work(signal ? AbortSignal.any([signal, lock.signal]) : lock.signal);
		lock.check();
		return value;
	} catch (error) {
		throw lock.signal.aborted ? lock.signal.reason : error; // whatever it failed with
	} finally {
		lock.release();
	}
};

/**
 * Returns the holder of a lock; `undefined` if it is free or does not say.
 *
 * @param {string} folder
 */
export const lockHolder = folder => (isLocked(folder) ? holderOf(folder) : undefined);

/**
 * Whether a lock is held, by a process that may not have said yet which it is.
 *
 * @param {string} folder
 */
export const isLocked = folder => {
	const beat = beatOf(folder);
	return beat !== undefined && !isDead(folder, holderOf(folder), isStale(folder) ? beat : undefined);
};

/**
 * Removes a stale lock and what is left of others, for callers that don't need it.
 *
 * @param {string} folder
 */
export const removeStaleLock = folder => {
	const lock = path.resolve(folder);
	const beat = beatOf(lock);
	if (beat !== undefined && !isLocked(lock)) {
		try {
			remove(lock, randomUUID(), beat);
		} catch {
			// as in a cache that can't be written
		}
	}

	removeLeftovers(lock);
};

/**
 * Whether a lock had no heartbeat for so long that its process counts as dead: 15 seconds, or an hour if the heartbeats are by
 * the clock of another machine.
 *
 * @param {string} folder
 */
const isStale = folder => {
	const beat = beatOf(folder);
	const holder = holderOf(folder);
	const isOurClock = holder === undefined || (beat !== undefined && sharesClock(holder.space, beat));
	return beat !== undefined && beat < Date.now() - (isOurClock ? stale : skew);
};

/**
 * Whether a file or folder is so old that its process is no longer at work on it, whatever clock it was made by.
 *
 * @param {string} file
 */
export const isAbandoned = file => (beatOf(file) ?? Number.POSITIVE_INFINITY) < Date.now() - skew;

/**
 * Whether a name is a lock's, or one that it is renamed to while it is removed.
 *
 * @param {string} lock
 * @param {string} name
 */
export const isLockName = (lock, name) => `${name}.`.startsWith(`${path.basename(lock)}.`);

/**
 * @param {string} lock
 * @param {Acquisition['lost']} lost
 * @param {number | undefined} stopped the heartbeat of a holder that counts as dead by it
 * @returns {HeldLock | undefined} `undefined` if another holds it
 */
const tryAcquire = (lock, lost, stopped) => {
	/** @type {Holder} */
	const own = {
		...{id: randomUUID(), pid: process.pid, host: os.hostname(), space: processSpace()},
		since: new Date().toISOString(),
		...(isMainThread && {began: ownStart()}),
	};
	try {
		if (isDead(lock, holderOf(lock), stopped)) {
			remove(lock, own.id, stopped);
		}

		makeLock(lock, own);
		removeLeftovers(lock);
	} catch (error) {
		if (codeOf(error) === 'EEXIST') {
			return undefined;
		}

		throw error;
	}

	return new HeldLock(lock, own.id, lost);
};

/** @type {string | undefined} */
let started;

/** Returns when this process started, as {@link beganAt} does; read once, since a sweep has a lock a run. */
const ownStart = () => {
	started ??= beganAt(process.pid);
	return started;
};

/** A lock that this process holds. */
export class HeldLock {
	#lost = new AbortController();
	#lock;
	#id;
	#lostError;
	#timer = setInterval(() => this.#beat(), heartbeat).unref();
	#beaten = Date.now();

	/**
	 * @param {string} lock
	 * @param {string} id
	 * @param {Acquisition['lost']} lostError
	 */
	constructor(lock, id, lostError) {
		this.#lock = lock;
		this.#id = id;
		this.#lostError = lostError;
		if (allHeld.size === 0) {
			process.on('exit', releaseAll);
		}

		allHeld.add(this);
	}

	/** Aborts when the lock is lost, as after the computer slept and another process took it over. */
	get signal() {
		return this.#lost.signal;
	}

	/** @throws the error of the signal, if the lock was lost */
	check() {
		if (holderOf(this.#lock)?.id !== this.#id) {
			this.#lose();
		}

		this.#lost.signal.throwIfAborted();
	}

	/** Releases it; a second call does nothing. */
	release() {
		if (!allHeld.has(this)) {
			return;
		}

		this.#end();
		try {
			remove(this.#lock, this.#id);
		} catch {
			// a lock that can't be removed is stale soon
		}
	}

	#beat() {
		const holder = holderOf(this.#lock);
		if (holder !== undefined && holder.id !== this.#id) {
			this.#lose();
			return;
		}

		try {
			const now = new Date();
			utimesSync(this.#lock, now, now);
			this.#beaten = now.getTime();
		} catch (error) {
			// a disk may fail for a moment
			if (codeOf(error) === 'ENOENT' || Date.now() - this.#beaten > stale) {
				this.#lose();
			}
		}
	}

	#lose() {
		this.#end();
		this.#lost.abort(this.#lostError(holderOf(this.#lock)));
	}

	#end() {
		clearInterval(this.#timer);
		allHeld.delete(this);
		if (allHeld.size === 0) {
			process.off('exit', releaseAll);
		}
	}
}

/**
 * The locks of this process. Signals are not listened to: a library leaves them to its program, and a dead holder is found by its
 * number.
 *
 * @type {Set<HeldLock>}
 */
const allHeld = new Set();

const releaseAll = () => {
	for (const held of allHeld) {
		held.release();
	}
};

/**
 * Makes a lock that git ignores.
 *
 * @param {string} lock
 * @param {Holder} holder
 */
const makeLock = (lock, holder) => {
	mkdirSync(lock);
	try {
		writeFileSync(path.join(lock, '.gitignore'), '*\n');
		writeFileSync(path.join(lock, 'holder.json'), JSON.stringify(holder));
	} catch (error) {
		rmSync(lock, {recursive: true, force: true}); // as on a full disk
		throw error;
	}
};

/**
 * Removes one's own lock, or a stale one. It is renamed first, so that of two processes that find a stale lock none removes
 * the lock of the other.
 *
 * @param {string} lock
 * @param {string} id of the process's own lock, or of the one that it is about to make
 * @param {number} [stopped] as for {@link tryAcquire}
 */
const remove = (lock, id, stopped) => {
	const aside = `${lock}.${id}`;
	try {
		renameSync(lock, aside);
	} catch (error) {
		if (codeOf(error) === 'ENOENT') {
			return;
		}

		throw error;
	}

	const holder = holderOf(aside);
	if (holder?.id === id || isDead(aside, holder, stopped)) {
		rmSync(aside, {recursive: true, force: true});
	} else {
		renameSync(aside, lock);
		throw Object.assign(new Error('another process was first'), {code: 'EEXIST'});
	}
};

/**
 * Removes what {@link remove} left when its process was killed, or its disk failed.
 *
 * @param {string} lock
 */
const removeLeftovers = lock => {
	const parent = path.dirname(lock);
	try {
		for (const name of readdirSync(parent).filter(name => isLockName(lock, name))) {
			const aside = path.join(parent, name);
			if (aside !== lock && isStale(aside)) {
				rmSync(aside, {recursive: true, force: true});
			}
		}
	} catch {
		// the next holder removes them
	}
};

/**
 * @param {string} lock
 * @returns {Holder | undefined} `undefined` if it is free, or not written yet
 */
const holderOf = lock => {
	try {
		const holder = JSON.parse(readFileSync(path.join(lock, 'holder.json'), 'utf8'));
		return isHolder(holder) ? holder : undefined;
	} catch {
		return undefined;
	}
};

/**
 * @param {any} value
 * @returns {value is Holder}
 */
const isHolder = value => {
	const {id, pid, host, space, since} = value ?? {};
	return Number.isSafeInteger(pid) && pid > 0 && [id, host, space, since].every(text => typeof text === 'string');
};

/**
 * @param {string} lock
 * @returns {number | undefined} the time of the last heartbeat, in milliseconds; `undefined` if there is no lock
 */
const beatOf = lock => {
	try {
		return lstatSync(lock).mtimeMs; // also of a broken link
	} catch {
		return undefined;
	}
};

/**
 * Whether a holder's process number means something to this process.
 *
 * @param {Holder | undefined} holder
 */
const isHere = holder => holder?.space === processSpace();

/**
 * Whether a holder is known to live, by the time when its process started.
 *
 * @param {Holder | undefined} holder
 */
const isVerified = holder =>
	isHere(holder) &&
	holder?.began !== undefined &&
	holder.pid !== process.pid && // this process has its own list
	holder.began === beganAt(holder.pid);

/**
 * @param {string} lock
 * @param {Holder | undefined} holder
 * @param {number | undefined} stopped as for {@link tryAcquire}
 */
const isDead = (lock, holder, stopped) =>
	(holder !== undefined && isHere(holder) && !isAlive(holder.pid)) ||
	(stopped !== undefined && beatOf(lock) === stopped && !isVerified(holder));

/** @param {unknown} error */
const codeOf = error => /** @type {NodeJS.ErrnoException} */ (error).code;
