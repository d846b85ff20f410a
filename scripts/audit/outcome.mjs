import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {root} from '../set-up/index.mjs';

/**
 * The outcome of a check. One that lacks a network or a tool is skipped; `why` says which.
 *
 * @typedef {{outcome: 'passed'} | {outcome: 'failed' | 'skipped', why: string}} Outcome
 */

/** @type {Outcome} */
export const passed = {outcome: 'passed'};

/** @param {string} why @returns {Outcome} */
export const failed = why => ({outcome: 'failed', why: why.trim()});

/** @param {string} why @returns {Outcome} */
export const skipped = why => ({outcome: 'skipped', why: why.trim()});

/**
 * Runs a tool to its end and returns its output.
 *
 * @param {string} command
 * @param {string[]} commandArguments
 */
export const outputOf = (command, commandArguments) => {
	const {status, stdout, stderr, error} = spawnSync(command, commandArguments, {
		cwd: root,
		encoding: 'utf8',
		maxBuffer: 2 ** 28,
		shell: process.platform === 'win32' && command === 'npm',
	});
	return {status, stdout: stdout ?? '', stderr: stderr ?? '', isMissing: error !== undefined};
};
