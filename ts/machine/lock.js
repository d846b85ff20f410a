import {linkSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';

/**
 * Runs `work` while no other process holds the lock. A holder that died is found by its process id.
 *
 * This file is plain JavaScript because the set-up of a clone runs it before there is a compiler.
 *
 * @template Value
 * @param {string} lockFile
 * @param {(line: string) => void} tell told once where another holds it
 * @param {() => Promise<Value>} work
 * @returns {Promise<Value>}
 */
export const withLock = async (lockFile, tell, work) => {
	for (let waited = false; !tryLock(lockFile); waited = true) {
		if (!waited) {
			tell(`Waiting for another set-up (process ${holder(lockFile) ?? 'unknown'}) to finish ...`);
		}

		await sleep(200);
	}

	try {
		return await work();
	} finally {
		rmSync(lockFile, {force: true});
	}
};

/** @param {string} lockFile */
const tryLock = lockFile => {
	const mine = `${lockFile}.${process.pid}`;
	writeFileSync(mine, String(process.pid));
	try {
		linkSync(mine, lockFile); // appears whole or not at all
		return true;
	} catch (error) {
		if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') {
			throw error;
		}
	} finally {
		rmSync(mine);
	}

	const pid = holder(lockFile);
	if (pid !== undefined && !isAlive(pid)) {
		clearAway(lockFile, pid);
	}

	return false;
};

/**
 * Of several who find the same dead holder, one clears it away; the others may catch a newer lock, and put it back.
 *
 * @param {string} lockFile
 * @param {number} deadPid
 */
const clearAway = (lockFile, deadPid) => {
	const aside = `${lockFile}.${process.pid}`;
	try {
		renameSync(lockFile, aside);
	} catch {
		return; // somebody else was first
	}

	if (holder(aside) === deadPid) {
		rmSync(aside);
	} else {
		renameSync(aside, lockFile);
	}
};

/**
 * @param {string} lockFile
 * @returns {number | undefined} nothing when the lock is gone
 */
const holder = lockFile => {
	try {
		return Number.parseInt(readFileSync(lockFile, 'utf8'), 10) || undefined;
	} catch {
		return undefined;
	}
};

/** @param {number} pid */
const isAlive = pid => {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
	}
};
