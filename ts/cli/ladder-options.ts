import process from 'node:process';
import type {Command} from 'commander';
import {displayPath} from '../format/command-line.js';
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

/** What says which ladder a command is about. */
export type LadderFlags = {readonly ladder?: string};

/** What says how a ladder's data are read. */
export type DataFlags = {readonly skipDamaged?: boolean};

export const withLadderOption = (command: Command): Command =>
	command.option('--ladder <dir>', 'the folder of the ladder (default: the one with a ladder.ts that you are in)');

export const withDataOption = (command: Command): Command =>
	command.option('--skip-damaged', 'leave out images that can’t be read, and say how many');

/** The ladder that was named, or the one around the working folder. */
export const chosenLadder = async ({ladder}: LadderFlags): Promise<Ladder> =>
	openLadder(ladder ?? findLadder(process.cwd()));

/**
 * The step that was asked for.
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

/** Says on stderr which steps are left out of something, and why. */
export const printRefused = ({refused}: Ladder, where: string): void => {
	for (const {name, error} of refused) {
		process.stderr.write(`Step \`${name}\` is not ${where}: ${error.message}\n`);
	}
};

/** Says on stderr which steps something had to do with less of, as a record is damaged, and ends with the exit code of that. */
export const printDamaged = (damaged: ReadonlyMap<string, RecordError>, what: string): void => {
	for (const [step, {path, problem}] of damaged) {
		process.stderr.write(`Step \`${step}\` ${what}: ${displayPath(path)}: ${problem}\n`);
		process.exitCode = exitCodes.data;
	}
};

/** How data are opened from a command line: what takes long is told on stderr. */
export const openOptions = ({skipDamaged = false}: DataFlags): Required<Omit<OpenOptions, 'signal'>> => ({
	skipDamaged,
	tell(line) {
		process.stderr.write(`${line}\n`);
	},
});

/** A ladder's data. */
export const openLadderData = async (ladder: Ladder, flags: DataFlags, signal?: AbortSignal): Promise<Data> =>
	ladder.data.open(ladder.folder, {...openOptions(flags), signal});
