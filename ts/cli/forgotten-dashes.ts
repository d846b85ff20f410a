import type {Command, Option} from 'commander';
import {shellQuote} from '../format/command-line.js';

/** Options of npm itself, which npm sets whether or not they were typed. */
const ofNpm = new Set(['--json', '--all', '--python']);

/**
 * Returns the intended command line if `--` is missing: in `npm run train --step x`, npm takes `--step` for an option of its
 * own, and passes on `x` at most.
 *
 * @param words that npm handed on
 * @param environment in which npm lists its options
 */
export const forgottenDashes = (
	command: Command,
	words: readonly string[],
	environment: NodeJS.ProcessEnv,
): string | undefined => {
	const taken = command.options.flatMap(option => {
		const {long} = option;
		const value = long && !ofNpm.has(long) && environment[`npm_config_${long.slice(2).replaceAll('-', '_')}`];
		return long && value ? [{option, long, value}] : [];
	});
	if (taken.length === 0) {
		return undefined;
	}

	const firstFlag = words.findIndex(word => word.startsWith('-'));
	const loose = firstFlag === -1 ? words : words.slice(0, firstFlag);
	const valueless = taken.filter(({option, value}) => takesValue(option) && value === 'true');
	// with several options, the values can’t be assigned
	const [only] = valueless.length === 1 && loose.length === 1 ? loose : [];
	const options = taken.flatMap(({option, long, value}) =>
		takesValue(option)
			? [
					value === 'true'
						? only === undefined
							? option.flags
							: `${long} ${shellQuote(only)}`
						: `${long} ${shellQuote(value)}`,
				]
			: [long],
	);
	const handedOn = valueless.length > 0 ? words.slice(loose.length) : words;
	return `npm run ${command.name()} -- ${[...options, ...handedOn.map(shellQuote)].join(' ')}`;
};

const takesValue = ({required, optional}: Option): boolean => required || optional;
