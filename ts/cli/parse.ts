import {InvalidArgumentError} from 'commander';
import type {TriedSetting} from '../experiment/settings.js';

/** Parses a number. Its value is checked where it is used. */
export const parseNumber = (text: string): number => {
	const number = text.trim() === '' ? Number.NaN : Number(text);
	if (Number.isNaN(number) && text !== 'NaN') {
		throw new InvalidArgumentError('It should be a number.');
	}

	return number;
};

/** Parses `1-5`, `1,4,9` or both together. */
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

/** Parses a time such as `90s`, `45m`, `2h` or `1h30m`, into seconds. */
export const parseDuration = (text: string): number => {
	const [, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text.trim()) ?? [];
	const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
	if (total === 0) {
		throw new InvalidArgumentError('It should be a time such as `90s`, `45m`, `2h` or `1h30m`.');
	}

	return total;
};

/** Parses a number, `true`, `false` or a word. */
export const parseValue = (text: string): unknown => {
	const number = Number(text);
	return text !== '' && !Number.isNaN(number) ? number : text === 'true' ? true : text === 'false' ? false : text;
};

/** Parses `setting=value` and adds it to those before; a list or a part of an experiment is JSON, `null` removes the setting. */
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
