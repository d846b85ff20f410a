import {readFileSync} from 'node:fs';
import path from 'node:path';

/**
 * Returns the reason why a command line needs libtorch, as the beginning of a sentence; `undefined` if it does not.
 *
 * @param {string[]} commandLine such as `['train', '--engine', 'aten']`
 * @returns {string | undefined}
 */
export const torchReason = ([command, ...rest]) => {
	if (command === 'bench' && !rest.includes('--help')) {
		return '`bench` times';
	}

	for (const [option, value] of [
		['--engine', 'aten'],
		['--device', 'cuda'],
	]) {
		if (optionValue(rest, option) === value) {
			return `\`${option} ${value}\` runs on`;
		}
	}

	const run = optionValue(rest, '--resume');
	return run !== undefined && ranOnTorch(run) ? `The run in ${run} resumes on` : undefined;
};

/**
 * @param {string[]} words
 * @param {string} option
 * @returns {string | undefined}
 */
const optionValue = (words, option) => {
	const inOne = words.find(word => word.startsWith(`${option}=`));
	return inOne === undefined ? words[words.indexOf(option) + 1 || words.length] : inOne.slice(option.length + 1);
};

/** @param {string} run */
const ranOnTorch = run => {
	try {
		const {options} = JSON.parse(readFileSync(path.join(run, 'config.json'), 'utf8'));
		return options.engine === 'aten' || options.device === 'cuda';
	} catch {
		return false; // `train` reports the error
	}
};
