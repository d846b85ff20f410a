import {type Command, InvalidArgumentError} from 'commander';
import type {LiveSource} from '../live/live-source.js';
import {printError} from './print.js';

/** The option for a live page: a port, or `true` for any free one. */
export type LiveFlags = {readonly live?: number | true};

export const withLiveOption = (command: Command): Command =>
	command.option(
		'--live [port]',
		'serve a page on 127.0.0.1 that shows curves as they grow, while the command runs (default: a free port)',
		parsePort,
	);

/** Parses the number of a port. */
export const parsePort = (text: string): number => {
	if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535) {
		throw new InvalidArgumentError('It should be a port, from 1 to 65535.');
	}

	return Number(text);
};

/**
 * Serves a page while work runs, if one was asked for, and prints its address to stderr. The page is served before the work begins, so
 * that a port in use is known before anything is trained.
 *
 * @param load imports what is shown: charts are slow to load, and most commands draw none
 */
export const whileLive = async <Value>(
	live: LiveFlags['live'],
	load: () => Promise<LiveSource>,
	work: () => Promise<Value>,
): Promise<Value> => {
	if (live === undefined) {
		return work();
	}

	const {serveLive} = await import('../live/serve-live.js');
	const served = await serveLive(await load(), live === true ? undefined : live);
	printError(`Live page: ${served.address}\n`);
	try {
		return await work();
	} finally {
		await served.end();
	}
};

/** Loads a source that shows the runs of folders, of which there may be more later. */
export const loadRunSource =
	(title: string, folders: ReadonlySet<string>): (() => Promise<LiveSource>) =>
	async () =>
		(await import('../live/run-source.js')).runSource(title, () => [...folders]);
