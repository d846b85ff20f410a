import {readFileSync, readlinkSync} from 'node:fs';
import os from 'node:os';
import process from 'node:process';

/**
 * Where the number of a process means something: equal for processes that see each other’s numbers. On Linux each container
 * counts its processes from 1, and each start of a machine does; elsewhere a host has one count.
 *
 * This file is plain JavaScript, and needs no package, for the same reason as lock-folder.js.
 */
export const processSpace = () => {
	try {
		const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
		return `${os.hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
	} catch {
		return os.hostname(); // not Linux
	}
};

/**
 * When a process of this space began, in a unit of the system's: two that had the same number began at other times.
 *
 * @param {number} pid
 * @returns {string | undefined} nothing where the system does not tell
 */
export const beganAt = pid => {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]; // field 22 of 52; the second may hold anything
	} catch {
		return undefined; // not Linux, or it has ended
	}
};

/**
 * Whether a process of this space still runs.
 *
 * @param {number} pid
 */
export const isAlive = pid => {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'; // it is another user's
	}
};
