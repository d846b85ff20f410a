import {readFileSync} from 'node:fs';
import jsTokens from 'js-tokens';
import {displayPath} from '../format/command-line.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {overwriteUserFile, withLineEnds} from '../fs/write-user-file.js';

// Where a step's file has its text block: above the code, and below a byte order mark, `#!` and comments of the user's.

const block = /\/\*\r?\nTarget: .*?\*\/(?:\r?\n|$)/sy;

/** A byte order mark and a line for the shell, which have to come first. */
const start = /\uFEFF?(?:#!.*(?:\r?\n|$))?/y;

/** White space, a comment, or several lines of them. */
const filler = /\s+|(?:\/\/[^\n]*(?:\n|$)[\t ]*)+|\/\*.*?\*\//sy;

const licence = /copyright|licen[cs]e|spdx-|^\/\*!/i;

/** The name of a part of a text block, anywhere in a comment and however it is set: `**Result**:`. */
const claimed = /(?<![\p{L}\d])(?:Target|Promised|Result|Analysis|TARGET|PROMISED|RESULT|ANALYSIS)[\s*_]*[:：]/u;

/** Returns the block of a step's file, with `\n` as line ends; `undefined` if there is none above the code. */
export const readBlock = (file: string): string | undefined =>
	findBlock(readFileSync(file, 'utf8')).text?.replaceAll('\r\n', '\n');

/**
 * Finds comments of a step's file that state a target, a promise or a result outside of its text block, where nothing checks them.
 *
 * @returns a sentence for each line
 */
export const strayTexts = (file: string): string[] => {
	const source = readFileSync(file, 'utf8');
	const {index, text = ''} = findBlock(source);
	// the lines of the block are left empty, so that the others keep their numbers
	const others = source.slice(0, index) + text.replaceAll(/[^\n]/g, '') + source.slice(index + text.length);
	const lines = others.split(lineEnd);
	return linesInComments(others).flatMap(([number, comment]) => {
		const line = lines[number - 1] ?? '';
		const where = `${displayPath(file)}, line ${number}`;
		const sentence = `${where}: ${JSON.stringify(line.trim())} stands outside of the step’s text block, where no record is checked against it: remove it`;
		return claimed.test(comment.replaceAll(/\p{Cf}/gu, '')) ? [sentence] : []; // without characters that have no width
	});
};

const lineEnd = /\r\n|[\n\r\u2028\u2029]/;

/** Returns what comments have in each line, with the line's number, from 1. */
const linesInComments = (source: string): Array<[line: number, comment: string]> => {
	let line = 1;
	return [...jsTokens(source)].flatMap(({type, value}) => {
		const first = line;
		const lines = value.split(lineEnd);
		line += lines.length - 1;
		return type.endsWith('Comment') ? lines.map((part, index): [number, string] => [first + index, part]) : [];
	});
};

/**
 * Writes the block of a step's file, in place of an earlier one.
 *
 * @throws {WriteError}
 */
export const writeBlock = (file: string, text: string): void => {
	wrapWriteErrors(`the text block of ${file}`, file, () => {
		const source = readFileSync(file, 'utf8');
		const {index, text: earlier = ''} = findBlock(source);
		const rest = source.slice(index + earlier.length).replace(/^[\r\n]+/, '');
		overwriteUserFile(file, source.slice(0, index) + withLineEnds(`${text}\n`, source) + rest);
	});
};

/** Returns a file's block and where it begins; without `text`, where it is to be: below a licence, above other comments. */
const findBlock = (source: string): {readonly index: number; readonly text?: string} => {
	let index = matchAt(start, source, 0).length;
	let place = index;
	for (;;) {
		const text = matchAt(block, source, index);
		if (text !== '') {
			return {index, text};
		}

		const skipped = matchAt(filler, source, index);
		if (skipped === '') {
			return {index: place};
		}

		index += skipped.length;
		if (licence.test(skipped)) {
			place = index + matchAt(/(?:[\t ]*\r?\n)*/y, source, index).length;
		}
	}
};

const matchAt = (pattern: RegExp, source: string, index: number): string => {
	pattern.lastIndex = index;
	return pattern.exec(source)?.[0] ?? '';
};
