import {readdirSync} from 'node:fs';
import path from 'node:path';
import {InvalidArgumentError} from 'commander';
import {displayPath} from '../format/command-line.js';
import {readTextFile} from '../fs/read-text-file.js';
import type {Range, Varied, When} from '../sweep/varied.js';
import {parseNumber, parseValue} from './parse.js';

/**
 * Parses `setting=values`, or `setting=values if other=values`, and adds it to those before.
 *
 * @throws {InvalidArgumentError}
 */
export const parseVaried = (text: string, before: Varied[]): Varied[] => {
	const [, given = text, condition] = /^(.+?)\s+if\s+([^=\s]+=.+)$/s.exec(text) ?? [];
	const {path, values} = split(given);
	const varied = {path, ...parseValues(values)};
	return [...before, condition === undefined ? varied : {...varied, when: parseCondition(condition)}];
};

const split = (text: string): {path: string; values: string} => {
	const [, path = '', values = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
	if (path === '') {
		throw new InvalidArgumentError('It should be a setting and its values, such as `batchSize=64,128`.');
	}

	return {path: path.trim(), values: values.trim()};
};

const parseCondition = (text: string): When => {
	const {path, values} = split(text);
	return {path, values: parseList(values) ?? values.split(',').map(value => asValue(value.trim()))};
};

/** In a condition, the value that removes a setting is `null`, too. */
const asValue = (text: string): unknown => (text === 'null' ? null : parseValue(text));

type Values = {values: unknown[]; labels?: string[]} | {range: Range};

const number = String.raw`[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?`;

/** `0.01..0.3`, `1.5e-3..1e-1:log` */
const range = new RegExp(`^(${number})\\.\\.(${number})(:log)?$`);

const parseValues = (text: string): Values => {
	const [, low, high, log] = range.exec(text) ?? [];
	if (low !== undefined && high !== undefined) {
		return {range: {low: parseNumber(low), high: parseNumber(high), log: log !== undefined}};
	}

	if (text.startsWith('@')) {
		return readAlternatives(text);
	}

	if (!/^[[{]/.test(text)) {
		return {values: text.split(',').flatMap(value => parseItem(value.trim()))};
	}

	const values = parseList(text);
	if (!values) {
		throw new InvalidArgumentError(
			'Lists and parts of an experiment should be in a list in JSON, such as `[{"decay": 0.99}]`.',
		);
	}

	return {values};
};

/** `8..16`, `8..64:8` */
const wholeRange = /^(\d+)\.\.(\d+)(?::(\d+))?$/;

/** Parses an item of a list: a value, or all whole numbers of a range, in steps of 1 or of the number after a colon. */
const parseItem = (text: string): unknown[] => {
	const [, first, last, by = '1'] = wholeRange.exec(text) ?? [];
	if (first === undefined) {
		return [parseValue(text)];
	}

	const [low, high, step] = [Number(first), Number(last), Number(by)];
	if (!(low <= high) || step < 1 || (high - low) / step >= 1000) {
		throw new InvalidArgumentError('A range within a list should go up, in whole steps, over at most 1000 values.');
	}

	return Array.from({length: Math.floor((high - low) / step) + 1}, (_, index) => low + index * step);
};

/** Parses a list in JSON; `undefined` for anything else. */
const parseList = (text: string): unknown[] | undefined => {
	try {
		const values: unknown = JSON.parse(text);
		return Array.isArray(values) ? values : undefined;
	} catch {
		return undefined;
	}
};

/** Reads whole values from files of JSON: `@nets/small.json,@nets/wide.json` or `@nets/*.json`. Each is labelled by its file's name. */
const readAlternatives = (text: string): Values => {
	const files = text.split(',').flatMap(item => {
		const pattern = item.trim();
		if (!pattern.startsWith('@')) {
			throw new InvalidArgumentError(
				'A list of files should have `@` before each: `@nets/small.json,@nets/wide.json`.',
			);
		}

		return matching(pattern.slice(1));
	});
	const names = files.map(file => path.basename(file, '.json'));
	const labels = new Set(names).size === names.length ? names : files.map(file => file.replace(/\.json$/, ''));
	return {values: files.map(file => readValue(file)), labels};
};

/** Lists the files of a pattern, in the order of their names. `*` stands for any text in a file's name, not in a folder's. */
const matching = (pattern: string): string[] => {
	const name = path.basename(pattern);
	if (!name.includes('*')) {
		return [pattern];
	}

	const folder = path.dirname(pattern);
	const [start = '', ...rest] = name.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
	const wanted = new RegExp(`^${[start, ...rest].join('.*')}$`);
	const found = namesIn(folder).filter(file => wanted.test(file) && (name.startsWith('.') || !file.startsWith('.')));
	if (found.length === 0) {
		throw new InvalidArgumentError(`No file of ${displayPath(folder)} is called \`${name}\`.`);
	}

	return found.toSorted((a, b) => a.localeCompare(b, 'en', {numeric: true})).map(file => path.join(folder, file));
};

const namesIn = (folder: string): string[] => {
	try {
		return readdirSync(folder);
	} catch (error) {
		throw new InvalidArgumentError(`${displayPath(folder)} can’t be listed (${(error as Error).message}).`);
	}
};

const readValue = (file: string): unknown => {
	try {
		return JSON.parse(readTextFile(file));
	} catch (error) {
		throw new InvalidArgumentError(`${displayPath(file)} should be a file of JSON (${(error as Error).message}).`);
	}
};
