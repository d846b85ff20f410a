// Ends programs in the midst of training, in every way and on both engines, and counts those that crash:
// `node scripts/faults/endings.mjs [TRIES]`, after `npm run build -- --torch`. The test of it is test/native/endings.test.ts.
import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {writeIdx} from '../../dist/test/helpers/idx.js';
import {root} from '../set-up/index.mjs';

const child = path.join(root, 'dist', 'test', 'helpers', 'ending-child.js');
const expected = {terminate: 0, 'exit above workers': 0, exit: 0, throw: 1};

/**
 * How a program ended that was to end so: its exit code, or the signal that killed it.
 *
 * @param {string[]} words
 * @returns {Promise<number | string>}
 */
const ended = words =>
	new Promise(resolve => {
		execFile(process.execPath, [child, ...words], {timeout: 300_000, killSignal: 'SIGKILL'}, error => {
			resolve(error?.signal ?? error?.code ?? 0);
		});
	});

const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-endings-'));
writeIdx(folder, 2000, 60);
const tries = Number(process.argv[2] ?? 100);
for (const engine of ['fused', 'aten']) {
	for (const [ending, code] of Object.entries(expected)) {
		const others = [];
		for (let attempt = 0; attempt < tries; attempt += 1) {
			const threads = String(1 + (attempt % 2));
			const outcome = await ended([ending, engine, folder, String(Math.round(Math.random() * 200)), threads]);
			if (outcome !== code) {
				others.push(outcome);
			}
		}

		process.stdout.write(`${engine}, ${ending}: ${tries} tries, ${others.length} crashed ${others.join(' ')}\n`);
		process.exitCode = others.length > 0 ? 1 : process.exitCode;
	}
}

rmSync(folder, {recursive: true, force: true});
