import process from 'node:process';
import {Command, CommanderError, type Option} from 'commander';
import {describeHolder} from '../errors/lock-error.js';
import {commandHint, startedByNpm} from '../format/command-line.js';
import {type LockWait, lockWaits} from '../fs/lock.js';
import {ConfigError} from '../index.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {packageVersion} from '../platform/package-root.js';
import {benchCommand} from './commands/bench.js';
import {compareCommand} from './commands/compare.js';
import {doctorCommand} from './commands/doctor.js';
import {initCommand} from './commands/init.js';
import {ladderCommand} from './commands/ladder.js';
import {newStepCommand} from './commands/new-step.js';
import {predictCommand} from './commands/predict.js';
import {recordCommand} from './commands/record.js';
import {reportCommand} from './commands/report.js';
import {runsCommand} from './commands/runs.js';
import {setupCommand} from './commands/setup.js';
import {summaryCommand} from './commands/summary.js';
import {sweepCommand} from './commands/sweep.js';
import {trainCommand} from './commands/train.js';
import {conclude} from './conclude.js';
import {exitCodes} from './exit-codes.js';
import {forgottenDashes} from './forgotten-dashes.js';
import type {Interruption} from './interruption.js';

/** Defaults as a person types them; none is told where it is that nothing is asked for. */
const optionDescription = (option: Option): string => {
	const {argChoices, defaultValue: value} = option;
	const isNone = value === undefined || value === false || (Array.isArray(value) && value.length === 0);
	const notes = [
		...(argChoices ? [`choices: ${argChoices.join(', ')}`] : []),
		...(isNone ? [] : [`default: ${String(value)}`]),
	];
	return `${option.description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
};

/** Does what the command line says, and sets the exit code. */
export const runProgram = async (interruption: Interruption): Promise<void> => {
	const program = new Command('stepladder')
		.description('Trains small convolutional nets one justified step at a time.')
		.configureHelp({optionDescription})
		.option('-V, --version', 'print the versions of the program, its addon and Node')
		.on('option:version', () => {
			process.stdout.write(`${versions()}\n`);
			throw new CommanderError(exitCodes.done, 'commander.version', '');
		})
		.addHelpText(
			'after',
			`\nExamples:\n  ${commandHint('init', 'my-ladder')}\n  ${commandHint('train', '--step baseline')}\n  ${commandHint('record', '--step baseline')}\n  ${commandHint('report')}`,
		);
	const commands = [
		initCommand(),
		newStepCommand(),
		trainCommand(interruption),
		summaryCommand(),
		ladderCommand(),
		runsCommand(),
		predictCommand(interruption),
		recordCommand(interruption),
		sweepCommand(interruption),
		compareCommand(),
		reportCommand(),
		benchCommand(interruption),
		setupCommand(interruption),
		doctorCommand(),
	];
	for (const command of commands) {
		program.addCommand(command.copyInheritedSettings(program).exitOverride());
		for (const inner of command.commands) {
			inner.copyInheritedSettings(program).exitOverride();
		}
	}

	const end = (): void => {
		process.stderr.write(
			'stepladder: ended before it was done: something is awaited that never comes, as by an `await` in ladder.ts, ' +
				'in a step’s file, or in the `open` of a source of data\n',
		);
		process.exit(interruption.exitCode ?? exitCodes.failed);
	};
	process.once('beforeExit', end); // nothing is left that could go on
	lockWaits.subscribe(message => {
		const {what, holder, seconds} = message as LockWait;
		process.stderr.write(
			`stepladder: ${what} is in use by ${describeHolder(holder)}; it is taken over after ${seconds} s without a heartbeat\n`,
		);
	});
	let failure: {readonly thrown: unknown} | undefined;
	try {
		checkDashes(commands);
		await program.exitOverride().parseAsync();
	} catch (error) {
		failure = {thrown: error}; // which may be undefined
	}

	process.off('beforeExit', end);
	conclude(interruption, failure);
};

/** @throws {ConfigError} where npm kept options for itself */
const checkDashes = (commands: readonly Command[]): void => {
	const [, , name, ...words] = process.argv;
	const command = commands.find(command => command.name() === name);
	const meant = command && startedByNpm() ? forgottenDashes(command, words, process.env) : undefined;
	if (meant !== undefined) {
		throw new ConfigError(
			'--',
			'typed before the options',
			'none',
			`npm took the options for its own, for want of a \`--\` before them: type \`${meant}\``,
		);
	}
};

const versions = (): string => {
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
