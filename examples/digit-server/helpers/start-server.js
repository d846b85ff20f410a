import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';

/** A folder for runs that goes when a test ends. */
export const runsFolder = async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'digit-server-'));
	t.after(() => rm(folder, {recursive: true, force: true}));
	return folder;
};

/**
 * Starts the server as `npm start` does, on a free port. Where nothing else is said it trains a single epoch.
 *
 * @param {Record<string, string>} environment RUNS and the like
 */
export const startServer = environment => {
	const child = spawn(process.execPath, ['server.js'], {
		cwd: path.join(import.meta.dirname, '..'),
		env: {...process.env, PORT: '0', EPOCHS: '1', ...environment},
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const ended = once(child, 'close').then(([exitCode]) => exitCode);
	const lines = [];
	let errors = '';
	const output = createInterface(child.stdout);
	output.on('line', line => lines.push(line));
	child.stderr.on('data', text => {
		errors += text;
	});

	return {
		/** What it has printed. */
		lines,
		/** @returns {Promise<number>} its exit code */
		ended,
		/** @returns {Promise<string[]>} what a line says, once it is printed */
		async says(pattern) {
			for (let index = 0; ; index += 1) {
				while (index === lines.length) {
					const next = await Promise.race([once(output, 'line'), ended]);
					if (!Array.isArray(next) && index === lines.length) {
						throw new Error(`The server ended (${next}) and never said ${pattern}: ${errors}`);
					}
				}

				const found = pattern.exec(lines[index]);
				if (found) {
					return found;
				}
			}
		},
		/** @returns {Promise<string>} where it answers */
		async url() {
			const [url] = await this.says(/http:\/\/\S+/);
			return url;
		},
		/** @returns {Promise<number>} its exit code */
		async end(signal = 'SIGTERM') {
			child.kill(signal);
			return ended;
		},
		get errors() {
			return errors;
		},
	};
};
