import {spawn} from 'node:child_process';
import process from 'node:process';

/** A tool failed; its output is already on the terminal. */
export class ToolFailed extends Error {}

/** @param {string} line */
export const say = line => {
	process.stderr.write(`${line}\n`);
};

/**
 * Runs a tool to its end. Its output goes to stderr, since stdout belongs to the command that follows.
 *
 * @param {string} command
 * @param {string[]} commandArguments
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, hint?: string, signal?: AbortSignal}} [options] `hint`: what to do if
 *   it fails; `signal` ends it
 * @returns {Promise<void>}
 */
export const runTool = (command, commandArguments, {cwd, env, hint, signal} = {}) =>
	new Promise((resolve, reject) => {
		// npm is a script on Windows, which only a shell can start
		const child = spawn(command, commandArguments, {
			cwd,
			env: {...process.env, ...env},
			stdio: ['ignore', 2, 2],
			shell: process.platform === 'win32' && command === 'npm',
			signal,
		});
		child.once('error', error => {
			reject(new ToolFailed(`could not start \`${command}\`: ${error.message}`));
		});
		child.once('exit', (code, signal) => {
			if (code === 0) {
				resolve();
			} else {
				const ending = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
				reject(new ToolFailed(`\`${command} ${commandArguments[0]}\` ${ending}${hint ? `: ${hint}` : ''}.`));
			}
		});
	});
