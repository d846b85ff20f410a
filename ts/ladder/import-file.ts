import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {LadderError, StepladderError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {formatThrown} from '../format/value.js';
import {fileType} from '../fs/file-type.js';
import {load, resolve, withoutTypes} from './module-hooks.js';

let hooked = false;

const hook = (): void => {
	if (hooked) {
		return;
	}

	hooked = true;
	const {registerHooks} = module as {registerHooks?: (hooks: {resolve: unknown; load: unknown}) => void};
	if (registerHooks) {
		registerHooks({resolve, load});
	} else {
		module.register(new URL('module-hooks.js', import.meta.url));
	}
};

/**
 * Imports a ladder's file.
 *
 * @param opening number of this opening of a ladder, so that a changed file is read again
 * @returns the default export
 * @throws {LadderError} with file and line, if it can't be read or throws
 */
export const importFile = async (file: string, opening: number): Promise<unknown> => {
	const found = fileType(file);
	if (found !== 'a file') {
		throw new LadderError(`${displayPath(file)}: expected a file, found ${found}`, file);
	}

	hook();
	try {
		const {default: value} = (await import(`${pathToFileURL(file).href}?ladder=${opening}`)) as {default?: unknown};
		return await value; // a rejected promise is reported as a thrown error
	} catch (error) {
		const {file: source, line} = locationOf(error, file) ?? {file, line: undefined};
		const reason = error instanceof StepladderError ? error.message : formatThrown(error).replace(/\?ladder=\d+/g, '');
		const where = line === undefined ? displayPath(source) : `${displayPath(source)}, line ${line}`;
		throw new LadderError(`${where}: ${reason}`, source, line, {cause: error});
	}
};

type Location = {readonly file: string; readonly line: number | undefined};

/** Returns where in a ladder's files an error was thrown. */
const locationOf = (error: unknown, file: string): Location | undefined => {
	const stack: unknown = error instanceof Error ? error.stack : undefined;
	for (const [, url = '', line] of (typeof stack === 'string' ? stack : '').matchAll(
		/(file:\/\/[^\s?]+)\?ladder=\d+(?::(\d+))?/g,
	)) {
		if (line !== undefined) {
			return {file: fileURLToPath(url), line: Number(line)};
		}
	}

	if (error instanceof SyntaxError) {
		return syntaxErrorIn(file);
	}

	const [, url = ''] = /(file:\/\/[^\s?'"]+)\?ladder=/.exec(formatThrown(error)) ?? [];
	return url ? {file: fileURLToPath(url), line: undefined} : undefined;
};

/** Finds the line of a syntax error, which Node gives only for a file that it checks: checks each imported file. */
const syntaxErrorIn = (start: string): Location | undefined => {
	const work = mkdtempSync(path.join(os.tmpdir(), 'stepladder-check-'));
	try {
		for (const file of importedBy(start)) {
			const copy = path.join(work, 'checked.mjs');
			const source = readFileSync(file, 'utf8');
			try {
				writeFileSync(copy, /\.m?ts$/.test(file) ? withoutTypes(source) : source);
			} catch (error) {
				const {loc} = error as {loc?: {line: number}};
				return {file, line: loc?.line};
			}

			const {status, stderr} = spawnSync(process.execPath, ['--check', copy], {encoding: 'utf8'});
			if (status !== 0) {
				return {file, line: Number(/checked\.mjs:(\d+)/.exec(stderr)?.[1]) || undefined};
			}
		}
	} finally {
		rmSync(work, {recursive: true, force: true});
	}

	return undefined;
};

/** Returns a file and the ladder's files that it imports, in import order. Reads them as text, since they can't be run. */
const importedBy = (file: string, seen: Set<string> = new Set()): string[] => {
	if (seen.has(file) || !/\.m?[jt]s$/.test(file) || fileType(file) !== 'a file') {
		return [];
	}

	seen.add(file);
	const named = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g);
	return [...[...named].flatMap(([, name = '']) => importedBy(path.resolve(path.dirname(file), name), seen)), file];
};
