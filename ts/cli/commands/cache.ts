import path from 'node:path';
import type {Command} from 'commander';
import {cacheFolder} from '../../cache/cache-folder.js';
import {type CacheEntry, cleanCache, listCache} from '../../cache/entries.js';
import {formatBytes} from '../../format/bytes.js';
import {displayPath} from '../../format/command-line.js';
import {textTable} from '../../format/text-table.js';
import {commandHint} from '../../platform/command-hint.js';
import {parseNumber} from '../parse.js';
import {print} from '../print.js';
import {screen} from '../screen.js';

type CleanFlags = {readonly all: boolean; readonly olderThan: number; readonly json: boolean};

export const cacheCommand = (command: Command): Command => {
	command
		.option('--json', 'print it as JSON', false)
		.addHelpText(
			'after',
			`
The cache is kept where STEPLADDER_CACHE says. Images are decoded again when they are needed; \`setup torch\` fetches libtorch.

Examples:
  ${commandHint('cache')}
  ${commandHint('cache', 'clean')}
  ${commandHint('cache', 'clean --all')}`,
		)
		.action(({json}: {json: boolean}) => {
			const entries = listCache();
			print(json ? jsonText({folder: cacheFolder(), entries}) : listText(entries));
		});
	command
		.command('clean')
		.description(
			'Remove images that were not opened for 30 days or whose folder is gone, but none that an unfinished run or a running command uses.',
		)
		.option('--older-than <days>', 'remove images that were not opened for so many days', parseNumber, 30)
		.option('--all', 'remove all images, libtorch and its addons', false)
		.option('--json', 'print what was removed as JSON', false)
		.addHelpText('after', `\nExamples:\n  ${commandHint('cache', 'clean --older-than 7')}`)
		// `--json` may stand before or after `clean`, and is the parent's then
		.action(async (_: unknown, clean: Command) => {
			const {all, olderThan, json} = clean.optsWithGlobals<CleanFlags>();
			const {removed, spared} = await cleanCache({all, olderThan});
			print(json ? jsonText({removed, spared}) : `${spared.map(sparedText).join('')}${removedText(removed)}`);
		});
	return command;
};

const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, '\t')}\n`;

const listText = (entries: readonly CacheEntry[]): string => {
	if (entries.length === 0) {
		return `The cache in ${displayPath(cacheFolder())} is empty\n`;
	}

	const table = textTable(
		['What', 'Size', 'Last used (UTC)', 'Needed by'],
		entries.map(entry => [
			...[nameOf(entry), formatBytes(entry.bytes), entry.usedAt.slice(0, 16).replace('T', ' ')],
			neededBy(entry),
		]),
		{screen: screen(), spare: ['Last used (UTC)']},
	);
	return `${table}\n${formatBytes(sumOf(entries))} in ${displayPath(cacheFolder())}\n`;
};

/** Names an entry by what a user put in: the folders of its images. */
const nameOf = ({kind, path: place, sources}: CacheEntry): string =>
	kind === 'images'
		? sources.length > 0
			? sources.map(folder => displayPath(folder)).join(', ')
			: path.basename(place)
		: path.basename(place);

const neededBy = ({runs: [first, ...others], isOpen}: CacheEntry): string =>
	first === undefined
		? isOpen
			? 'a running command'
			: '-'
		: `${displayPath(first)}${others.length > 0 ? ` and ${others.length} more` : ''}`;

const sparedText = (entry: CacheEntry): string => `Kept: ${nameOf(entry)}, needed by ${neededBy(entry)}\n`;

const removedText = (removed: readonly CacheEntry[]): string =>
	`Removed ${removed.length} ${removed.length === 1 ? 'entry' : 'entries'}, ${formatBytes(sumOf(removed))}\n`;

const sumOf = (entries: readonly CacheEntry[]): number => entries.reduce((sum, {bytes}) => sum + bytes, 0);
