import {fileURLToPath} from 'node:url';
import {execa} from 'execa';

/** dist/ts/cli/main.js, from dist/test/helpers */
export const main = fileURLToPath(new URL('../../ts/cli/main.js', import.meta.url));

/** Runs the command line as a person would, and waits for its end, whatever the exit code. */
export const cli = async (...commandArguments: string[]) =>
	execa(process.execPath, [main, ...commandArguments], {reject: false, timeout: 240_000});
