import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';

/** A test, or a file of tests, with a teardown. */
export type Ending = Pick<ExecutionContext, 'teardown'>;

/** Makes a folder that is removed when the test ends. */
export const temporaryFolder = (t: Ending): string => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-test-'));
	t.teardown(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
};
