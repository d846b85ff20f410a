import process from 'node:process';
import type {Command} from 'commander';
import {displayPath} from '../format/command-line.js';
import {escapeName} from '../format/controls.js';
import {
	ConfigError,
	type Data,
	findLadder,
	type Ladder,
	type OpenOptions,
	openLadder,
	type RecordError,
	type StepEntry,
} from '../index.js';
import {stepsOf} from '../ladder/open-ladder.js';
import {exitCodes} from './exit-codes.js';
import {printError} from './print.js';

/** The options that choose a ladder. */
export type LadderFlags = {readonly ladder?: string};

/** The options for reading a ladder's data. */
export type DataFlags = {readonly skipDamaged?: boolean};

export const withLadderOption = (command: Command): Command =>
	command.option('--ladder <dir>', 'the folder of the ladder (default: the one with a ladder.ts that you are in)');

export const withDataOption = (command: Command): Command =>
	command.option('--skip-damaged', 'leave out images that can’t be read, and say how many');

/** Opens the ladder of `--ladder`, or else that of the working folder. */
export const chosenLadder = async ({ladder}: LadderFlags): Promise<Ladder> =>
	openLadder(ladder ?? findLadder(process.cwd()));

/**
 * Returns the step of `--step`.
 *
 * @throws {ConfigError} naming those there are, where none was
 */
export const chosenStep = (ladder: Ladder, name: string | undefined): StepEntry => {
	if (name !== undefined) {
		return ladder.entry(name);
	}

	const names = ladder.steps.map(step => step.name);
	throw new ConfigError(
		'step',
		'given as `--step <name>`',
		'nothing',
		`choose a step of ${ladder.name} with \`--step <name>\`: ${stepsOf(names)}`,
	);
};

/** Prints to stderr which steps are left out, and why. */
export const printRefused = ({refused}: Ladder, where: string): void => {
	for (const {name, error} of refused) {
		printError(`Step \`${name}\` is not ${where}: ${error.message}\n`);
	}
};

/** Prints to stderr which records are damaged, and sets the exit code for that. */
export const printDamaged = (damaged: ReadonlyMap<string, RecordError>, what: string): void => {
	for (const [step, {path, problem}] of damaged) {
		printError(`Step \`${step}\` ${what}: ${displayPath(path)}: ${problem}\n`);
		process.exitCode = exitCodes.data;
	}
};

/** Returns the options for opening data from a command line; progress goes to stderr. */
export const openOptions = ({skipDamaged = false}: DataFlags): Required<Omit<OpenOptions, 'signal'>> => ({
	skipDamaged,
	tell(line) {
		printError(`${escapeName(line)}\n`);
	},
});

/** Returns a ladder whose data print to stderr while they are opened, for functions that open them without printing. */
export const reportingLadder = (ladder: Ladder, flags: DataFlags): Ladder => ({
	...ladder,
	data: {open: async (base, options) => ladder.data.open(base, {...openOptions(flags), ...options})},
});

/** Opens a ladder's data. */
export const openLadderData = async (ladder: Ladder, flags: DataFlags, signal?: AbortSignal): Promise<Data> =>
	ladder.data.open(ladder.folder, {...openOptions(flags), signal});
