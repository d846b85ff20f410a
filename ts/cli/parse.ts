import {InvalidArgumentError} from 'commander';
import type {TriedSetting} from '../experiment/settings.js';

/** A number as typed. Whether it makes sense is judged where it is used. */
export const parseNumber = (text: string): number => {
	const number = text.trim() === '' ? Number.NaN : Number(text);
	if (Number.isNaN(number) && text !== 'NaN') {
		throw new InvalidArgumentError('It should be a number.');
	}

	return number;
};

/** `1-5`, `1,4,9` or both together. */
export const parseSeeds = (text: string): number[] => {
	const seeds = text.split(',').flatMap(part => {
		const [, first, last] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part) ?? [];
		if (first === undefined) {
			throw new InvalidArgumentError('It should be seeds such as `3`, `1-5` or `1,4,9`.');
		}

		const [from, to] = [Number(first), Number(last ?? first)];
		if (to < from || to - from >= 1000) {
			throw new InvalidArgumentError('A range should go up, over at most 1000 seeds.');
		}

		return Array.from({length: to - from + 1}, (_, index) => from + index);
	});
	if (new Set(seeds).size !== seeds.length) {
		throw new InvalidArgumentError('No seed should be named twice.');
	}

	return seeds;
};

/** A number, a yes or no, or a word. */
export const parseValue = (text: string): unknown => {
	const number = Number(text);
	return text !== '' && !Number.isNaN(number) ? number : text === 'true' ? true : text === 'false' ? false : text;
};

/** `setting=value`, added to those before; a list or a part of an experiment in JSON, `null` for no such setting. */
export const parseSetting = (text: string, before: TriedSetting[]): TriedSetting[] => {
	const [, path, value = ''] = /^([^=\s]+)=(.+)$/s.exec(text) ?? [];
	if (path === undefined) {
		throw new InvalidArgumentError('It should be a setting and its value, such as `schedule.maxLearningRate=0.2`.');
	}

	if (before.some(setting => setting.path === path)) {
		throw new InvalidArgumentError(`\`${path}\` should be set once.`);
	}

	try {
		return [
			...before,
			{path, value: value === 'null' ? null : /^[[{]/.test(value) ? JSON.parse(value) : parseValue(value)},
		];
	} catch {
		throw new InvalidArgumentError('What begins with `[` or `{` should be JSON.');
	}
};
