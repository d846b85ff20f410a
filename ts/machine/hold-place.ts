import {randomUUID} from 'node:crypto';
import fs, {mkdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {AbortError, HeldError, type Holder} from '../errors/index.js';
import {writing} from '../errors/writing.js';
import {isAlive, processSpace} from './processes.js';
import {textOf} from './text-of.js';

/** A place that no other process writes to meanwhile. */
export type Hold = {
	/** Aborts when the hold was lost, as after the computer slept and another process went on in its place. */
	readonly signal: AbortSignal;
	/** @throws {HeldError} where it was lost */
	readonly check: () => void;
	/** Lets it go; a second time does nothing. */
	readonly release: () => void;
};

/** A holder shows that it lives so often, and counts as dead after so long without, in milliseconds. */
const [heartbeat, dead] = [2500, 15_000];

type Mark = Holder & {
	readonly id: string;
	/** Equal for processes that see each other’s numbers. */
	readonly space: string;
};

/**
 * Holds a place against other processes, until it is released or this process ends. A lock that a dead process left is
 * taken over: at once where its number can be looked up, after 15 seconds without a heartbeat where it can't, as
 * from another container.
 *
 * @param what the place is called in a sentence, such as `runs/tiny/2026-01-01T00-00-00Z-s1`
 * @param lock the folder that is the lock; the one that it lies in is there
 * @param advice what to do where nothing can be written there
 * @throws {HeldError} where another holds it
 * @throws {WriteError}
 * @throws {AbortError} where the signal says stop while a silent holder is watched
 */
export const holdPlace = async (what: string, lock: string, signal?: AbortSignal, advice?: string): Promise<Hold> => {
	const place = path.resolve(lock);
	const parent = path.dirname(lock);
	const {lockSync} = (await import('proper-lockfile')).default; // which listens to signals from then on
	let seen: number | undefined;
	for (;;) {
		const hold = writing(`in ${parent}`, parent, () => tryHold(lockSync, what, place), advice);
		if (hold) {
			return hold;
		}

		const holder = holderOf(place);
		const beat = beatOf(place);
		if (beat !== undefined && (isHere(holder) || (seen ?? beat) !== beat)) {
			throw new HeldError(what, place, holder);
		}

		seen = beat;
		await sleep(heartbeat / 5, undefined, signal && {signal}).catch(() => {
			throw new AbortError(signal?.reason);
		});
	}
};

/** Who holds a lock; nothing where nobody does. */
export const holderNow = (lock: string): Holder | undefined => {
	const place = path.resolve(lock);
	const holder = holderOf(place);
	return holder && !isDead(place, holder) ? holder : undefined;
};

/** Whether somebody holds a lock, or is about to say who. */
export const isHeld = (lock: string): boolean => {
	const place = path.resolve(lock);
	return beatOf(place) !== undefined && !isDead(place, holderOf(place));
};

/** Where the lock of a folder lies that must hold nothing else: beside it. */
export const lockBeside = (folder: string): string => path.join(path.dirname(folder), `.${path.basename(folder)}.lock`);

const tryHold = (
	lockSync: typeof import('proper-lockfile').lockSync,
	what: string,
	place: string,
): Hold | undefined => {
	const mark: Mark = {
		...{id: randomUUID(), pid: process.pid, host: os.hostname(), space: processSpace()},
		since: new Date().toISOString(),
	};
	const lost = new AbortController();
	const lose = (): void => {
		const by = holderOf(place);
		lost.abort(new HeldError(what, place, by, lostSentence(what, by)));
	};
	let isMine = true;
	const files = lockFiles(mark);
	try {
		if (isDead(place, holderOf(place))) {
			files.rmdirSync(place);
		}

		const release = lockSync(place, {
			...{lockfilePath: place, realpath: false, fs: files, stale: dead, update: heartbeat, onCompromised: lose},
		});
		return {
			signal: lost.signal,
			check() {
				if (holderOf(place)?.id !== mark.id) {
					lose();
				}

				lost.signal.throwIfAborted();
			},
			release() {
				if (isMine && !lost.signal.aborted) {
					isMine = false;
					try {
						release();
					} catch {
						// what can't be taken away counts as dead soon
					}
				}
			},
		};
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ELOCKED') {
			return undefined;
		}

		throw error;
	}
};

const lostSentence = (what: string, by: Holder | undefined): string =>
	by === undefined
		? `${what} was removed, or its lock was, while it was in use`
		: `${what} was taken over by process ${by.pid} on ${by.host}, while this one stood still`;

/**
 * The file system as the lock sees it: its folder says whose it is, and keeps itself out of git. What is removed is moved
 * away first, so that of two that find a dead holder none removes the other's lock.
 */
const lockFiles = (mark: Mark) => ({
	...fs,
	mkdirSync(place: string): void {
		mkdirSync(place);
		try {
			writeFileSync(path.join(place, '.gitignore'), '*\n');
			writeFileSync(path.join(place, 'holder.json'), JSON.stringify(mark));
		} catch (error) {
			rmSync(place, {recursive: true, force: true}); // as on a full disk
			throw error;
		}
	},
	rmdirSync(place: string): void {
		const aside = `${place}.${mark.id}`;
		try {
			renameSync(place, aside);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
				return;
			}

			throw error;
		}

		const holder = holderOf(aside);
		if (holder?.id === mark.id || isDead(aside, holder)) {
			rmSync(aside, {recursive: true, force: true});
		} else {
			renameSync(aside, place);
			throw Object.assign(new Error('somebody else was first'), {code: 'ELOCKED'});
		}
	},
});

const holderOf = (place: string): Mark | undefined => {
	try {
		return JSON.parse(textOf(path.join(place, 'holder.json')));
	} catch {
		return undefined; // nobody, or not written yet
	}
};

const beatOf = (place: string): number | undefined => {
	try {
		return statSync(place).mtimeMs;
	} catch {
		return undefined;
	}
};

/** Whether a holder's number means something to this process. */
const isHere = (holder: Mark | undefined): boolean => holder?.space === processSpace();

const isDead = (place: string, holder: Mark | undefined): boolean => {
	const beat = beatOf(place);
	if (beat === undefined) {
		return false;
	}

	return beat < Date.now() - dead || (holder !== undefined && isHere(holder) && !isAlive(holder.pid));
};
