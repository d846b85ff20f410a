import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';
import {throwIfAborted} from '../../platform/abort.js';
import {startAnswering} from '../answering-process.js';
import type {MissingRuntime, Runtime} from '../format.js';
import type {TrainedNet} from '../read-model.js';

const run = promisify(execFile);

/** Options by which an export must compile without a warning. */
export const warnings = ['-std=c99', '-pedantic', '-Wall', '-Wextra', '-Werror'];

/** A program that answers as {@link startAnswering} says, on little-endian machines. */
const program = (name: string, version: string): string => `#include "${name}.h"

#include <stdio.h>

int main(void)
{
	static uint8_t pixels[${name.toUpperCase()}_PIXELS];
	static float logits[${name.toUpperCase()}_CLASSES];
	uint32_t count;
	puts(${JSON.stringify(version)});
	fflush(stdout);
	while (fread(&count, sizeof count, 1, stdin) == 1) {
		while (count-- > 0) {
			if (fread(pixels, sizeof pixels, 1, stdin) != 1)
				return 1;
			${name}_predict(pixels, logits);
			fwrite(logits, sizeof logits, 1, stdout);
		}
		fflush(stdout);
	}
	return 0;
}
`;

/**
 * Compiles an export by the system's C compiler, the command in `CC` or else `cc`, and starts it.
 *
 * @param folder that of the export, which is unchanged
 */
export const compiled = async (
	folder: string,
	name: string,
	model: TrainedNet,
	signal: AbortSignal,
): Promise<Runtime | MissingRuntime> => {
	const compiler = process.env['CC'] || 'cc';
	const work = mkdtempSync(path.join(os.tmpdir(), 'stepladder-cc-'));
	const remove = (): void => rmSync(work, {recursive: true, force: true});
	try {
		const {stdout} = await run(compiler, ['--version'], {signal});
		const version = `${stdout.split('\n')[0] ?? compiler}, -O2`;
		const [main, binary] = [path.join(work, 'main.c'), path.join(work, 'net')];
		writeFileSync(main, program(name, version));
		const sources = [path.join(folder, `${name}.c`), main];
		await run(compiler, [...warnings, '-O2', '-I', folder, '-o', binary, ...sources, '-lm'], {signal});
		const runtime = await startAnswering(binary, [], model, signal);
		return {
			...runtime,
			close: async () => {
				await runtime.close?.();
				remove();
			},
		};
	} catch (error) {
		remove();
		throwIfAborted(signal);
		const missing = `${compiler} could not compile the export (${reasonOf(error)}): install a C compiler, or name one in CC`;
		return {name: 'a C compiler', missing};
	}
};

/** Returns why a command failed: its first line about an error. */
export const reasonOf = (error: unknown): string => {
	const {code, path: command, stderr, message} = error as NodeJS.ErrnoException & {stderr?: string};
	if (code === 'ENOENT') {
		return `${command} was not found`;
	}

	return stderr?.split('\n').find(line => line.includes('error')) ?? message;
};
