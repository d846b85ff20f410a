import {readFileSync} from 'node:fs';
import type {LoadHook, ResolveFnOutput, ResolveHook} from 'node:module';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {transform} from 'sucrase';
import {fileType} from '../fs/file-type.js';

/** Marks the files of a ladder, and counts how often one was opened: what was edited in between is read anew. */
const mark = /[?&]ladder=\d+$/;
const library = new URL('../index.js', import.meta.url).href;
const isTypeScript = (url: string): boolean => /\.m?ts$/.test(new URL(url).pathname);

/**
 * What a ladder's files import: `stepladder` is the library that opened the ladder, wherever that is installed, and
 * files beside it belong to the ladder too.
 */
export const resolve: ResolveHook = (specifier, context, nextResolve) => {
	const [marked] = mark.exec(context.parentURL ?? '') ?? [];
	if (marked && specifier === 'stepladder') {
		return {url: library, shortCircuit: true};
	}

	if (marked && /^\.{1,2}\//.test(specifier)) {
		const found = nextResolve(specifier, context);
		const withMark = (output: ResolveFnOutput) => ({...output, url: output.url + marked});
		// Before Node 22.15 hooks run on a thread of their own, where what comes next is a promise.
		return found instanceof Promise ? found.then(withMark) : withMark(found);
	}

	return nextResolve(specifier, context);
};

/** A ladder's files are modules, whatever their folder says. Types are stripped by Node where it can. */
export const load: LoadHook = (url, context, nextLoad) => {
	if (!mark.test(url) || !/\.m?[jt]s$/.test(new URL(url).pathname)) {
		return nextLoad(url, context);
	}

	const place = fileURLToPath(url);
	const found = fileType(place);
	if (found !== 'a file' && found !== 'nothing') {
		throw new Error(`it imports ${place}, which should be a file and is ${found}`);
	}

	if (!isTypeScript(url)) {
		return nextLoad(url, {...context, format: 'module'});
	}

	if ('typescript' in process.features && process.features.typescript) {
		return nextLoad(url, {...context, format: 'module-typescript' as 'module'});
	}

	return {format: 'module', source: withoutTypes(readFileSync(place, 'utf8')), shortCircuit: true};
};

/** Keeps every line where it was. */
export const withoutTypes = (source: string): string =>
	transform(source, {transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: true}).code;
