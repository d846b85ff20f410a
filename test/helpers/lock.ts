import {spawnSync} from 'node:child_process';
import {mkdirSync, utimesSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {processSpace} from '../../ts/platform/processes.js';

/** Makes a lock as another process left it. */
export const leaveLock = (lock: string, holder: unknown, secondsAgo = 0): void => {
	mkdirSync(lock);
	writeFileSync(path.join(lock, 'holder.json'), JSON.stringify(holder));
	setHeartbeat(lock, secondsAgo);
};

/** Sets the time of a lock's last heartbeat. */
export const setHeartbeat = (lock: string, secondsAgo: number): void => {
	const at = Date.now() / 1000 - secondsAgo;
	utimesSync(lock, at, at);
};

/** A holder in another container. */
export const elsewhere = {
	...{id: 'x', pid: 7, host: 'another-container', space: `${processSpace()} another`}, // which has the clock of this machine
	since: '2026-11-25T02:00:00.000Z',
};

/** A holder on another machine, with a clock of its own. */
export const otherMachine = {...elsewhere, host: 'another-machine', space: 'another-machine another-boot pid:[1]'};

/** A holder on this machine. */
export const holderHere = (pid: number) => ({...elsewhere, pid, space: processSpace()});

/** The number of a process that has ended. */
export const endedProcess = (): number => spawnSync(process.execPath, ['--version']).pid;
