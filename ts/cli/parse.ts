import {InvalidArgumentError} from 'commander';

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
