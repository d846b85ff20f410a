import path from 'node:path';
import {type Command, InvalidArgumentError} from 'commander';
import {shellQuote} from '../format/command-line.js';

/** The option that writes events for other programs. */
export type LogFlags = {
	/** The folder of `tensorboard=DIR`; empty if the option leaves it out. */
	readonly log?: string;
};

export const withLogOption = (command: Command): Command =>
	command.option(
		'--log <tensorboard[=dir]>',
		'write events for TensorBoard, a line for each seed, into a folder (default: tensorboard within the runs)',
		parseLog,
	);

/**
 * Returns the folder for TensorBoard; `undefined` if none is asked for.
 *
 * @param runs the folder of the runs
 */
export const tensorboardOf = ({log}: LogFlags, runs: string): string | undefined =>
	log === '' ? path.join(runs, 'tensorboard') : log;

/** Returns the line that says how to look at a folder for TensorBoard. */
export const tensorboardHint = (folder: string): string => `TensorBoard: tensorboard --logdir ${shellQuote(folder)}\n`;

const parseLog = (text: string): string => {
	const [, folder] = /^tensorboard(?:=(.+))?$/.exec(text) ?? [undefined, undefined];
	if (folder === undefined && text !== 'tensorboard') {
		throw new InvalidArgumentError('It should be `tensorboard`, or `tensorboard=DIR` with a folder.');
	}

	return folder ?? '';
};
