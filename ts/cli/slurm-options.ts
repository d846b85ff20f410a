import {type Command, InvalidArgumentError, Option} from 'commander';
import {DetachedError} from '../errors/index.js';
import {escapeControls} from '../format/controls.js';
import {didYouMean} from '../format/did-you-mean.js';
import {commandHint} from '../platform/command-hint.js';
import {type SlurmOptions, slurmOptionNames} from '../slurm/options.js';
import {print, printError} from './print.js';

/** The options of commands whose runs can be trained on a cluster. */
export type SlurmFlags = {
	readonly on: 'local' | 'slurm';
	readonly slurm?: SlurmOptions;
	readonly detach: boolean;
};

export const withSlurmOptions = (command: Command): Command =>
	command
		.addOption(
			new Option('--on <where>', 'where its runs are trained: here, or by tasks of Slurm')
				.choices(['local', 'slurm'])
				.default('local'),
		)
		.option(
			'--slurm <option=value>',
			`with --on slurm: how tasks are asked for, over \`slurm\` of ladder.ts: ${slurmOptionNames.join(', ')}; may be given again`,
			parseSlurm,
		)
		.option('--detach', 'with --on slurm: submit, and don’t wait', false);

/** Completes the sentence about an interrupted command, which is run again, or resumed by another. */
export const whenInterrupted = (on: SlurmFlags['on'], again: string): string =>
	on === 'local'
		? `to resume: ${again}`
		: `its tasks go on; to wait for them: ${again}; to end them: \`${commandHint('jobs', 'cancel')}\``;

/** Prints a sentence about tasks on stderr. */
export const reportTask = (sentence: string): void => printError(`Slurm: ${escapeControls(sentence)}\n`);

/** Does work; prints how to come back to what it submitted, if it does not wait for that. */
export const orDetached = async (work: () => Promise<void>): Promise<void> => {
	try {
		await work();
	} catch (error) {
		if (!(error instanceof DetachedError)) {
			throw error;
		}

		print(detachedText);
	}
};

const detachedText = `Submitted. \`${commandHint('jobs')}\` lists the tasks, and the command that collects their results.\n`;

/** Parses `option=value`, and adds it to those before. */
function parseSlurm(text: string, before: SlurmOptions = {}): SlurmOptions {
	const [, name = '', value = ''] = /^(\w+)=(.+)$/s.exec(text) ?? [];
	if (!(slurmOptionNames as readonly string[]).includes(name)) {
		const meant = name === '' ? '' : didYouMean(name, slurmOptionNames);
		throw new InvalidArgumentError(
			`It should be an option and its value, such as \`time=120\`; options are ${slurmOptionNames.join(', ')}${meant}.`,
		);
	}

	if (name === 'extra') {
		return {...before, extra: [...(before.extra ?? []), value]};
	}

	const isNumber = ['time', 'cpus', 'arrayLimit', 'runsPerTask'].includes(name);
	return {...before, [name]: isNumber ? Number(value) : value};
}
