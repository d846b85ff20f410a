import {readFileSync} from 'node:fs';
import type {LoadHook, ResolveFnOutput, ResolveHook} from 'node:module';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {transform} from 'sucrase';
import {fileType} from '../fs/file-type.js';

/** Marks the files of a ladder, with the number of its opening, so that Node imports changed files again. */
const mark = /[?&]ladder=\d+$/;
const library = new URL('../index.js', import.meta.url).href;
const isTypeScript = (url: string): boolean => /\.m?ts$/.test(new URL(url).pathname);

/**
 * Resolves the imports of a ladder's files: `stepladder` is the library that opened the ladder, wherever it is installed, and
 * relative imports belong to the ladder too.
 */
export const resolve: ResolveHook = (specifier, context, nextResolve) => {
	const [marked] = mark.exec(context.parentURL ?? '') ?? [];
	if (marked && specifier === 'stepladder') {
		return {url: library, shortCircuit: true};
	}

	if (marked && /^\.{1,2}\//.test(specifier)) {
		const found = nextResolve(specifier, context);
		const withMark = (output: ResolveFnOutput) => ({...output, url: output.url + marked});
		// Before Node 22.15 hooks run on a separate thread, where the next hook returns a promise.
		return found instanceof Promise ? found.then(withMark) : withMark(found);
	}

	return nextResolve(specifier, context);
};

/** Loads a ladder's files as modules, whatever the nearest package.json says. Node strips types if it can. */
export const load: LoadHook = (url, context, nextLoad) => {
	if (!mark.test(url) || !/\.m?[jt]s$/.test(new URL(url).pathname)) {
		return nextLoad(url, context);
	}

	const file = fileURLToPath(url);
	const type = fileType(file);
	if (type !== 'a file' && type !== 'nothing') {
		throw new Error(`it imports ${file}, which should be a file and is ${type}`);
	}

	if (!isTypeScript(url)) {
		return nextLoad(url, {...context, format: 'module'});
	}

	if ('typescript' in process.features && process.features.typescript) {
		return nextLoad(url, {...context, format: 'module-typescript' as 'module'});
	}

	return {format: 'module', source: withoutTypes(readFileSync(file, 'utf8')), shortCircuit: true};
};

/** Strips types from TypeScript; line numbers stay. */
export const withoutTypes = (source: string): string =>
	transform(source, {transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: true}).code;
