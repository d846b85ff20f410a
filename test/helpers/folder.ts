import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';

/** A folder that goes when the test ends. */
export const temporaryFolder = (t: ExecutionContext): string => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-test-'));
	t.teardown(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
};
