import {randomUUID} from 'node:crypto';
import {channel} from 'node:diagnostics_channel';
import {lstatSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {isMainThread} from 'node:worker_threads';
import {AbortError, LockError, type LockHolder} from '../errors/index.js';
import {beganAt, isAlive, processSpace} from '../platform/processes.js';
import {readTextFile} from './read-text-file.js';
import {wrapWriteErrors} from './wrap-write-errors.js';

/** A place that no other process writes to meanwhile. */
export type Lock = {
	/** Aborts when the hold was lost, as after the computer slept and another process went on in its place. */
	readonly signal: AbortSignal;
	/** @throws {LockError} where it was lost */
	readonly check: () => void;
	/** Lets it go; a second time does nothing. */
	readonly release: () => void;
};

/** A holder shows that it lives so often, and counts as dead after so long without, in milliseconds. */
const [heartbeat, dead] = [2500, 15_000];

/** How long a wait may be before it is told, in milliseconds. */
const silentWait = 2000;

/** A holder that can't be looked up, and is watched for a heartbeat. */
export type LockWait = {readonly what: string; readonly holder: LockHolder | undefined; readonly seconds: number};

/** Where a {@link LockWait} is told that has gone on for two seconds: whoever talks with a person listens there. */
export const lockWaits = channel('stepladder.wait');

type Mark = LockHolder & {
	readonly id: string;
	/** Equal for processes that see each other’s numbers. */
	readonly space: string;
	/** When the process began, where it holds the place by its main thread and the system tells. */
	readonly began?: string | undefined;
};

/**
 * Holds a place against other processes, until it is released or this process ends. A lock that a dead process left is
 * taken over: at once where its number can be looked up, after 15 seconds without a heartbeat where it can't, as
 * from another container.
 *
 * @param what the place is called in a sentence, such as `runs/tiny/2026-01-01T00-00-00Z-s1`
 * @param lock the folder that is the lock; the one that it lies in is there
 * @param advice what to do where nothing can be written there
 * @throws {LockError} where another holds it
 * @throws {WriteError}
 * @throws {AbortError} where the signal says stop while a silent holder is watched
 */
export const acquireLock = async (what: string, lock: string, signal?: AbortSignal, advice?: string): Promise<Lock> => {
	const place = path.resolve(lock);
	const parent = path.dirname(lock);
	let isTold = false;
	let seen: {readonly beat: number | undefined; readonly since: number} | undefined;
	for (;;) {
		const isStill = seen?.beat !== undefined && performance.now() - seen.since > dead;
		const hold = wrapWriteErrors(
			`in ${parent}`,
			parent,
			() => tryHold(what, place, isStill ? seen?.beat : undefined),
			advice,
		);
		if (hold) {
			return hold;
		}

		const holder = holderOf(place);
		const beat = beatOf(place);
		if (beat !== undefined && (isHere(holder) || (seen?.beat ?? beat) !== beat)) {
			throw new LockError(what, place, holder);
		}

		seen = beat === seen?.beat ? seen : {beat, since: performance.now()};
		if (!isTold && seen && performance.now() - seen.since > silentWait) {
			isTold = true;
			lockWaits.publish({what, holder, seconds: dead / 1000} satisfies LockWait);
		}

		await sleep(heartbeat / 5, undefined, signal && {signal}).catch(() => {
			throw new AbortError(signal?.reason);
		});
	}
};

/** Who holds a lock; nothing where nobody does. */
export const lockHolder = (lock: string): LockHolder | undefined => {
	const place = path.resolve(lock);
	const holder = holderOf(place);
	return holder && !isDead(place, holder) ? holder : undefined;
};

/** Whether somebody holds a lock, or is about to say who. */
export const isLocked = (lock: string): boolean => {
	const place = path.resolve(lock);
	return beatOf(place) !== undefined && !isDead(place, holderOf(place));
};

/** Whether nobody gave a sign of life in a folder for so long that whoever made it counts as dead. */
export const isStale = (folder: string): boolean => {
	const beat = beatOf(folder);
	return beat !== undefined && beat < Date.now() - dead;
};

/** Whether a name is a lock's, or one that it is moved aside to. */
export const isLockName = (lock: string, name: string): boolean => `${name}.`.startsWith(`${path.basename(lock)}.`);

/** Where the lock of a folder lies that must hold nothing else: beside it. */
export const lockPathFor = (folder: string): string =>
	path.join(path.dirname(folder), `.${path.basename(folder)}.lock`);

/** @param still the heartbeat of a holder that was watched for long enough, whatever its clock or this one says */
const tryHold = (what: string, place: string, still: number | undefined): Lock | undefined => {
	const mark: Mark = {
		...{id: randomUUID(), pid: process.pid, host: os.hostname(), space: processSpace()},
		since: new Date().toISOString(),
		...(isMainThread && {began: beganAt(process.pid)}),
	};
	try {
		if (isDead(place, holderOf(place), still)) {
			takeAway(place, mark.id, still);
		}

		makeLock(place, mark);
		clearAside(place);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
			return undefined;
		}

		throw error;
	}

	return new HeldLock(what, place, mark.id);
};

/** A lock that is this process's, while its heart beats. */
class HeldLock implements Lock {
	readonly #lost = new AbortController();
	readonly #what: string;
	readonly #place: string;
	readonly #id: string;
	readonly #heart = setInterval(() => this.#beat(), heartbeat).unref();
	#beaten = Date.now();

	constructor(what: string, place: string, id: string) {
		this.#what = what;
		this.#place = place;
		this.#id = id;
		if (allHeld.size === 0) {
			process.on('exit', releaseAll);
		}

		allHeld.add(this);
	}

	get signal(): AbortSignal {
		return this.#lost.signal;
	}

	check(): void {
		if (holderOf(this.#place)?.id !== this.#id) {
			this.#lose();
		}

		this.#lost.signal.throwIfAborted();
	}

	release(): void {
		if (!allHeld.has(this)) {
			return;
		}

		this.#end();
		try {
			takeAway(this.#place, this.#id);
		} catch {
			// what can't be taken away counts as dead soon
		}
	}

	#beat(): void {
		const holder = holderOf(this.#place);
		if (holder !== undefined && holder.id !== this.#id) {
			this.#lose();
			return;
		}

		try {
			const now = new Date();
			utimesSync(this.#place, now, now);
			this.#beaten = now.getTime();
		} catch (error) {
			// a disk may fail for a moment
			if ((error as NodeJS.ErrnoException).code === 'ENOENT' || Date.now() - this.#beaten > dead) {
				this.#lose();
			}
		}
	}

	#lose(): void {
		this.#end();
		const by = holderOf(this.#place);
		this.#lost.abort(new LockError(this.#what, this.#place, by, lostSentence(this.#what, by)));
	}

	#end(): void {
		clearInterval(this.#heart);
		allHeld.delete(this);
		if (allHeld.size === 0) {
			process.off('exit', releaseAll);
		}
	}
}

/** What this process holds. Signals are not listened to: a library leaves those to its program, and a dead holder is told by its number. */
const allHeld = new Set<HeldLock>();

const releaseAll = (): void => {
	for (const held of allHeld) {
		held.release();
	}
};

const lostSentence = (what: string, by: LockHolder | undefined): string =>
	by === undefined
		? `${what} was removed, or its lock was, while it was in use`
		: `${what} was taken over by process ${by.pid} on ${by.host}, while this one stood still`;

/** Makes a lock: its folder says whose it is, and keeps itself out of git. */
const makeLock = (place: string, mark: Mark): void => {
	mkdirSync(place);
	try {
		writeFileSync(path.join(place, '.gitignore'), '*\n');
		writeFileSync(path.join(place, 'holder.json'), JSON.stringify(mark));
	} catch (error) {
		rmSync(place, {recursive: true, force: true}); // as on a full disk
		throw error;
	}
};

/**
 * Takes a lock away that is one's own, or a dead holder's. It is moved away first, so that of two that find a dead holder none
 * removes the other's lock.
 */
const takeAway = (place: string, id: string, still?: number): void => {
	const aside = `${place}.${id}`;
	try {
		renameSync(place, aside);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
			return;
		}

		throw error;
	}

	const holder = holderOf(aside);
	if (holder?.id === id || isDead(aside, holder, still)) {
		rmSync(aside, {recursive: true, force: true});
	} else {
		renameSync(aside, place);
		throw Object.assign(new Error('somebody else was first'), {code: 'EEXIST'});
	}
};

/** Takes away what was moved aside by processes that were killed then, or whose disk failed then. */
const clearAside = (place: string): void => {
	const parent = path.dirname(place);
	try {
		for (const name of readdirSync(parent).filter(name => isLockName(place, name))) {
			const aside = path.join(parent, name);
			if (aside !== place && isStale(aside)) {
				rmSync(aside, {recursive: true, force: true});
			}
		}
	} catch {
		// the next one that holds the place takes it away
	}
};

const holderOf = (place: string): Mark | undefined => {
	try {
		const mark = JSON.parse(readTextFile(path.join(place, 'holder.json')));
		return isMark(mark) ? mark : undefined;
	} catch {
		return undefined; // nobody, or not written yet
	}
};

const isMark = (value: unknown): value is Mark => {
	const {id, pid, host, space, since} = (value ?? {}) as Partial<Mark>;
	return (
		Number.isSafeInteger(pid) && Number(pid) > 0 && [id, host, space, since].every(text => typeof text === 'string')
	);
};

const beatOf = (place: string): number | undefined => {
	try {
		return lstatSync(place).mtimeMs; // of a link, too, that stands in the lock's place
	} catch {
		return undefined;
	}
};

/** Whether a holder's number means something to this process. */
const isHere = (holder: Mark | undefined): boolean => holder?.space === processSpace();

const isDead = (place: string, holder: Mark | undefined, still?: number): boolean => {
	if (holder && isHere(holder)) {
		if (!isAlive(holder.pid)) {
			return true;
		}

		// It lives though it may be silent, as in a debugger, and its trainer writes on. This process knows itself better.
		if (holder.began !== undefined && holder.pid !== process.pid && holder.began === beganAt(holder.pid)) {
			return false;
		}
	}

	return isStale(place) || (still !== undefined && beatOf(place) === still);
};
