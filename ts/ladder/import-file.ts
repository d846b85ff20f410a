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
 * The default export of a ladder's file.
 *
 * @param opening distinct for every time that a ladder is opened
 * @throws {LadderError} naming file and line, where it can't be read or fails
 */
export const importFile = async (file: string, opening: number): Promise<unknown> => {
	const found = fileType(file);
	if (found !== 'a file') {
		throw new LadderError(`${displayPath(file)}: expected a file, found ${found}`, file);
	}

	hook();
	try {
		const {default: value} = (await import(`${pathToFileURL(file).href}?ladder=${opening}`)) as {default?: unknown};
		return await value; // a promise, too: what it rejects with is told as what is thrown
	} catch (error) {
		const {place, line} = placeOf(error, file) ?? {place: file, line: undefined};
		const reason = error instanceof StepladderError ? error.message : formatThrown(error).replace(/\?ladder=\d+/g, '');
		const where = line === undefined ? displayPath(place) : `${displayPath(place)}, line ${line}`;
		throw new LadderError(`${where}: ${reason}`, place, line, {cause: error});
	}
};

type Found = {readonly place: string; readonly line: number | undefined};

/** Where in a ladder's files an error came from. */
const placeOf = (error: unknown, file: string): Found | undefined => {
	const stack: unknown = error instanceof Error ? error.stack : undefined;
	for (const [, url = '', line] of (typeof stack === 'string' ? stack : '').matchAll(
		/(file:\/\/[^\s?]+)\?ladder=\d+(?::(\d+))?/g,
	)) {
		if (line !== undefined) {
			return {place: fileURLToPath(url), line: Number(line)};
		}
	}

	if (error instanceof SyntaxError) {
		return syntaxErrorIn(file);
	}

	const [, url = ''] = /(file:\/\/[^\s?'"]+)\?ladder=/.exec(formatThrown(error)) ?? [];
	return url ? {place: fileURLToPath(url), line: undefined} : undefined;
};

/** Node keeps the line of a syntax error to itself, except when it checks a file: which is tried with all that is imported. */
const syntaxErrorIn = (start: string): Found | undefined => {
	const work = mkdtempSync(path.join(os.tmpdir(), 'stepladder-check-'));
	try {
		for (const file of importedBy(start)) {
			const copy = path.join(work, 'checked.mjs');
			const source = readFileSync(file, 'utf8');
			try {
				writeFileSync(copy, /\.m?ts$/.test(file) ? withoutTypes(source) : source);
			} catch (error) {
				const {loc} = error as {loc?: {line: number}};
				return {place: file, line: loc?.line};
			}

			const {status, stderr} = spawnSync(process.execPath, ['--check', copy], {encoding: 'utf8'});
			if (status !== 0) {
				return {place: file, line: Number(/checked\.mjs:(\d+)/.exec(stderr)?.[1]) || undefined};
			}
		}
	} finally {
		rmSync(work, {recursive: true, force: true});
	}

	return undefined;
};

/** A file and the ladder's own files that it imports, in the order of their imports; read as text, since they can't be run. */
const importedBy = (file: string, seen: Set<string> = new Set()): string[] => {
	if (seen.has(file) || !/\.m?[jt]s$/.test(file) || fileType(file) !== 'a file') {
		return [];
	}

	seen.add(file);
	const named = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g);
	return [...[...named].flatMap(([, name = '']) => importedBy(path.resolve(path.dirname(file), name), seen)), file];
};
