import {readFileSync, readlinkSync} from 'node:fs';
import os from 'node:os';
import process from 'node:process';

/**
 * Returns a name for the process numbers that this process sees, equal for processes that see each other’s. On Linux each
 * container numbers its processes from 1, and so does each boot; elsewhere a host has one numbering.
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
 * Returns whether the times that a process of a space set are by the clock of this machine: containers of one machine share it.
 * So does a process from before this machine was started, which has set no time since.
 *
 * @param {string} space as {@link processSpace} returns it
 * @param {number} at the last such time, in milliseconds
 */
export const sharesClock = (space, at) => {
	const [host, boot] = space.split(' ');
	const [ownHost, ownBoot] = processSpace().split(' ');
	if (ownBoot === undefined) {
		return host === ownHost;
	}

	return boot === ownBoot || (host === ownHost && at < Date.now() - 1000 * os.uptime());
};

/**
 * Returns the start time of a process of this space, in units of the system: it tells processes with the same number apart.
 *
 * @param {number} pid
 * @returns {string | undefined} `undefined` if the system does not say
 */
export const beganAt = pid => {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]; // field 22 of 52; the second may hold anything
	} catch {
		return undefined; // not Linux, or the process has ended
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
		return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'; // another user's process
	}
};
