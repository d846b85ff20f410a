import {lstatSync} from 'node:fs';
import path from 'node:path';
import {inspect} from 'node:util';
import {ConfigError, LadderError} from '../errors/index.js';
import {goalOf} from '../experiment/goal.js';
import {displayPath} from '../format/command-line.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeUserFile} from '../fs/write-user-file.js';
import {checkName} from '../step/define-step.js';
import type {Ladder} from './open-ladder.js';

/**
 * Writes the file of the next step, with its change and the reason for its target left to fill in; until then the step is
 * refused.
 *
 * @param from the step that it grows from
 * @returns the file
 * @throws {ConfigError} if the name is invalid or taken, or there is no step `from`
 * @throws {WriteError}
 */
export const newStep = (ladder: Ladder, name: string, from: string): string => {
	checkName(name);
	const grownFrom = ladder.entry(from);
	const taken = [...ladder.entries.map(({step, position}) => ({name: step.name, position})), ...ladder.refused];
	if (taken.some(step => step.name === name)) {
		throw new ConfigError(
			'name',
			'one that no step has yet',
			name,
			`there is a step \`${name}\` already: choose another name`,
		);
	}

	const position = Math.max(...taken.map(({position}) => position)) + 1;
	const file = path.join(path.dirname(grownFrom.file), `${position}-${name}${path.extname(grownFrom.file)}`);
	if (lstatSync(file, {throwIfNoEntry: false})) {
		throw new LadderError(`${displayPath(file)} already exists and was not changed`, file);
	}

	const variable = from.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()).replace(/^(?=\d)/, '_');
	const goal = Object.entries(goalOf(grownFrom.step.target)).map(
		([setting, value]) => `\t\t${setting}: ${inspect(value)},`,
	);
	const text = `import {defineStep} from 'stepladder';
import ${reserved.has(variable) ? `${variable}Step` : variable} from './${path.basename(grownFrom.file)}';

export default defineStep({
	name: '${name}',
	from: ${reserved.has(variable) ? `${variable}Step` : variable},
	// One change, at any depth, such as {net: {block: {norm: 'batch'}}}.
	change: {},
	target: {
		// The reason for this target: results of \`${from}\`, and known effects of the change.
		why: '',
${goal.join('\n')}
	},
	// Findings, once the step is recorded: sentences, each with a test.
	analysis: [],
});
`;
	wrapWriteErrors(displayPath(file), file, () => writeUserFile(file, text));
	return file;
};

/** Reserved words, which can be names of steps and not of variables. */
const reserved = new Set(
	'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static await implements interface package private protected public arguments eval defineStep'.split(
		' ',
	),
);
