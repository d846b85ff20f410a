import {cpSync, mkdtempSync, rmSync, symlinkSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

const original = fileURLToPath(new URL('../../../ladders/mnist', import.meta.url));

let copy: string | undefined;

/** Returns the folder of a copy of the project's MNIST ladder: a ladder's ledger notes its trainings, and tests leave none in the project. */
export const mnistFolder = (): string => {
	if (copy === undefined) {
		const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-test-'));
		process.once('exit', () => rmSync(folder, {recursive: true, force: true}));
		copy = path.join(folder, 'mnist');
		symlinkSync(path.join(original, '../../node_modules'), path.join(folder, 'node_modules')); // its images
		cpSync(original, copy, {recursive: true, filter: file => !path.basename(file).startsWith('ledger.jsonl')});
	}

	return copy;
};
