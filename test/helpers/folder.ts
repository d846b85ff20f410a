import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';

/** Whatever ends: a test, or a file of tests by the exit of its process. */
export type Ending = Pick<ExecutionContext, 'teardown'>;

/** A folder that goes when the test ends. */
export const temporaryFolder = (t: Ending): string => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-test-'));
	t.teardown(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
};
