import {existsSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import {describe} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {displayPath} from '../format/command-line.js';
import {formatSetting} from '../format/value.js';
import {fileType} from '../fs/file-type.js';
import {readTextFile} from '../fs/read-text-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeFileAtomic} from '../fs/write-file-atomic.js';
import {withLineEnds} from '../fs/write-user-file.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {commandHint} from '../platform/command-hint.js';
import {readSweep, sweepNames, sweepsFolder} from './file.js';
import type {SweepResult} from './result.js';
import {summarizeSweep} from './result.js';
import {sweepMarkdown} from './table.js';

/** What is told of a sweep, beside what it came to. */
export const [pageFile, pictureFile] = ['README.md', 'sweep.svg'] as const;

/** Whether a sweep's folder holds its page and its picture, which are written after it. */
export const hasSweepPage = (folder: string): boolean =>
	[pageFile, pictureFile].every(name => existsSync(path.join(folder, name)));

/** A sweep's page and picture, by their names. Vega takes long to load: nothing else should wait for it. */
const texts = async (found: SweepResult): Promise<ReadonlyArray<readonly [string, string]>> => {
	const {sweepChart} = await import('./chart.js');
	return [
		[pageFile, sweepMarkdown(found)],
		[pictureFile, `${await sweepChart(found)}\n`],
	];
};

/**
 * Writes the table and the picture of a sweep into its folder.
 *
 * @throws {WriteError}
 */
export const writeSweepPage = async (folder: string, found: SweepResult): Promise<void> => {
	const written = await texts(found);
	wrapWriteErrors(`the page of ${folder}`, folder, () => {
		for (const [name, text] of written) {
			const file = path.join(folder, name);
			writeFileAtomic(file, withLineEnds(text, existsSync(file) ? readTextFile(file) : ''));
		}
	});
};

/**
 * Writes the pages of all sweeps of a ladder anew, from their records.
 *
 * @returns a sentence for each sweep that keeps its old page, as it is damaged
 * @throws {WriteError}
 */
export const writeSweepPages = async (ladder: Ladder): Promise<string[]> => {
	const kept: string[] = [];
	for (const name of sweepNames(ladder.folder)) {
		const folder = path.join(sweepsFolder(ladder.folder), name);
		try {
			await writeSweepPage(folder, summarizeSweep(name, readSweep(folder)));
		} catch (error) {
			if (!(error instanceof RecordError)) {
				throw error;
			}

			kept.push(`${displayPath(folder)} keeps its page: ${displayPath(error.path)}: ${error.problem}`);
		}
	}

	return kept;
};

/**
 * Holds all sweeps of a ladder against their checksums, against what can be derived, and against their pages.
 *
 * @returns a sentence for each thing that is not true
 */
export const checkSweeps = async (ladder: Ladder, data: Data): Promise<string[]> => {
	const problems: string[] = [];
	for (const name of sweepNames(ladder.folder)) {
		problems.push(...(await checkSweep(ladder, name, data)));
	}

	return problems;
};

const checkSweep = async (ladder: Ladder, name: string, data: Data): Promise<string[]> => {
	const folder = path.join(sweepsFolder(ladder.folder), name);
	try {
		const record = readSweep(folder);
		const found = summarizeSweep(name, record);
		const others = differences(record.plan.data, describe(data)).map(
			({path, before, after}) =>
				`${displayPath(folder)} is of other data: \`${path}\` is ${formatSetting(after)} in the ladder, ${formatSetting(before)} in the sweep`,
		);
		const isKnown = ladder.steps.some(step => step.name === found.step);
		return [
			...others,
			...(isKnown ? [] : [`${displayPath(folder)} is of \`${found.step}\`, which is not a step of the ladder`]),
			...(await texts(found)).flatMap(([file, text]) => checkText(path.join(folder, file), text)),
		];
	} catch (error) {
		if (error instanceof RecordError) {
			return [`${displayPath(error.path)}: ${error.problem}`];
		}

		throw error;
	}
};

const checkText = (file: string, wanted: string): string[] =>
	fileType(file) === 'a file' && readTextFile(file).replaceAll('\r\n', '\n') === wanted
		? []
		: [`${displayPath(file)} is not what the sweep says; try: ${commandHint('record', '--text')}`];
