import {subscribe} from 'node:diagnostics_channel';
import process from 'node:process';
import {Command, CommanderError, Help, type Option} from 'commander';
import {startedByNpm} from '../format/command-line.js';
import type {LockWait} from '../fs/lock.js';
import {commandHint} from '../platform/command-hint.js';
import {commands} from './commands.js';
import {exitCodes} from './exit-codes.js';
import type {Interruption} from './interruption.js';
import {print, printError} from './print.js';

/** Shows defaults as they are typed, and none for options that are off. */
const optionDescription = (option: Option): string => {
	const {argChoices, defaultValue: value} = option;
	const isNone = value === undefined || value === false || (Array.isArray(value) && value.length === 0);
	const notes = [
		...(argChoices ? [`choices: ${argChoices.join(', ')}`] : []),
		...(isNone ? [] : [`default: ${String(value)}`]),
	];
	return `${option.description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
};

const versionAsked = 'commander.version';

/**
 * Runs the command line, and sets the exit code.
 *
 * Every module costs about a millisecond to load, so a command line imports only those that it needs.
 */
export const runProgram = async (interruption: Interruption): Promise<void> => {
	const usages = new Map(commands.map(({name, usage}) => [name, usage]));
	const program = new Command('stepladder')
		.description('Trains small convolutional nets one justified step at a time.')
		.exitOverride()
		.configureHelp({optionDescription})
		.configureOutput({writeOut: text => print(text), writeErr: printError})
		.option('-V, --version', 'print the versions of the program, its addon and Node')
		.on('option:version', () => {
			throw new CommanderError(exitCodes.done, versionAsked, '');
		})
		.addHelpText(
			'after',
			`\nExamples:\n  ${commandHint('init', 'my-ladder')}\n  ${commandHint('train', '--step baseline')}\n  ${commandHint('record', '--step baseline')}\n  ${commandHint('report')}`,
		);
	for (const {name, description} of commands) {
		program.command(name).description(description);
	}

	// after the commands, which inherit the configuration
	const {subcommandTerm} = Help.prototype;
	program.configureHelp({
		optionDescription,
		subcommandTerm(command) {
			const usage = usages.get(command.name());
			return usage === undefined ? subcommandTerm(command) : `${command.name()} ${usage}`.trim();
		},
	});

	const end = (): void => {
		printError(
			'stepladder: ended before it was done: something is awaited that never comes, as by an `await` in ladder.ts, ' +
				'in a step’s file, or in the `open` of a source of data\n',
		);
		process.exit(interruption.exitCode ?? exitCodes.failed);
	};
	process.once('beforeExit', end); // nothing is left to run
	// by its name, because the lock is loaded only by commands that acquire one
	subscribe('stepladder.wait', async message => {
		const {what, holder, seconds} = message as LockWait;
		const {describeHolder} = await import('../errors/lock-error.js');
		printError(
			`stepladder: ${what} is in use by ${describeHolder(holder)}; it is taken over after ${seconds} s without a heartbeat\n`,
		);
	});
	let failure: {readonly thrown: unknown} | undefined;
	try {
		const command = await loadNamed(program, interruption);
		if (command) {
			await checkDashes(command);
		}

		await program.parseAsync();
	} catch (error) {
		if (error instanceof CommanderError) {
			print(error.code === versionAsked ? `${await versions()}\n` : ''); // the rest is printed
			process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
		} else {
			failure = {thrown: error}; // which may be undefined
		}
	}

	process.off('beforeExit', end);
	interruption.settle();
	if (failure || interruption.exitCode !== undefined) {
		const {conclude} = await import('./conclude.js');
		conclude(interruption, failure);
	}
};

/** Loads the command that the command line names; `help NAME` names it too. */
const loadNamed = async (program: Command, interruption: Interruption): Promise<Command | undefined> => {
	const named = process.argv.slice(2).find(word => word !== 'help' && !word.startsWith('-'));
	const command = program.commands.find(command => command.name() === named);
	return command && commands.find(({name}) => name === named)?.load(command, interruption);
};

/** @throws {ConfigError} where npm kept options for itself */
const checkDashes = async (command: Command): Promise<void> => {
	if (!startedByNpm()) {
		return;
	}

	const {forgottenDashes} = await import('./forgotten-dashes.js');
	const meant = forgottenDashes(command, process.argv.slice(3), process.env);
	if (meant !== undefined) {
		const {ConfigError} = await import('../errors/config-error.js');
		throw new ConfigError(
			'--',
			'typed before the options',
			'none',
			`npm took the options for its own, for want of a \`--\` before them: type \`${meant}\``,
		);
	}
};

const versions = async (): Promise<string> => {
	const {native} = await import('../native/load.js');
	const {unwrap} = await import('../native/unwrap.js');
	const {packageVersion} = await import('../platform/package-root.js');
	const addon = (): string => {
		try {
			const {version, isa} = unwrap(native().runtimeInfo());
			return `addon ${version} (${isa})`;
		} catch {
			return `no addon that loads: ${commandHint('doctor')}`;
		}
	};
	return `stepladder ${packageVersion()}, ${addon()}, Node ${process.versions.node}`;
};
