import {existsSync} from 'node:fs';
import path from 'node:path';

/** Returns whether the run of a folder has finished: `result.json` is written last. */
export const isFinished = (folder: string): boolean => existsSync(path.join(folder, 'result.json'));
