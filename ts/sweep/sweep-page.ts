import {existsSync} from 'node:fs';
import path from 'node:path';
import type {Data} from '../data/data.js';
import {describe} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {writeWhole} from '../errors/write-whole.js';
import {writing} from '../errors/writing.js';
import type {Ladder} from '../ladder/open-ladder.js';
import {kindAt} from '../machine/kind-at.js';
import {textOf} from '../machine/text-of.js';
import {readSweep, sweepNames, sweepsFolder} from '../record/sweep-file.js';
import {differences} from '../terms/difference.js';
import {type Swept, swept} from '../terms/sweep.js';
import {withLineEnds} from '../text/line-ends.js';
import {setting} from '../text/setting.js';
import {shown} from '../text/shown.js';
import {typed} from '../text/typed.js';
import {sweepMarkdown} from './sweep-table.js';

/** What is told of a sweep, beside what it came to. */
export const [pageFile, pictureFile] = ['README.md', 'sweep.svg'] as const;

/** Whether a sweep's folder holds its page and its picture, which are written after it. */
export const hasSweepPage = (folder: string): boolean =>
	[pageFile, pictureFile].every(name => existsSync(path.join(folder, name)));

/** A sweep's page and picture, by their names. Vega takes long to load: nothing else should wait for it. */
const texts = async (found: Swept): Promise<ReadonlyArray<readonly [string, string]>> => {
	const {sweepChart} = await import('./sweep-chart.js');
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
export const writeSweepPage = async (folder: string, found: Swept): Promise<void> => {
	const written = await texts(found);
	writing(`the page of ${folder}`, folder, () => {
		for (const [name, text] of written) {
			const file = path.join(folder, name);
			writeWhole(file, withLineEnds(text, existsSync(file) ? textOf(file) : ''));
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
			await writeSweepPage(folder, swept(name, readSweep(folder)));
		} catch (error) {
			if (!(error instanceof RecordError)) {
				throw error;
			}

			kept.push(`${shown(folder)} keeps its page: ${shown(error.path)}: ${error.problem}`);
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
		const found = swept(name, record);
		const others = differences(record.plan.data, describe(data)).map(
			({path, before, after}) =>
				`${shown(folder)} is of other data: \`${path}\` is ${setting(after)} in the ladder, ${setting(before)} in the sweep`,
		);
		const isKnown = ladder.steps.some(step => step.name === found.step);
		return [
			...others,
			...(isKnown ? [] : [`${shown(folder)} is of \`${found.step}\`, which is not a step of the ladder`]),
			...(await texts(found)).flatMap(([file, text]) => checkText(path.join(folder, file), text)),
		];
	} catch (error) {
		if (error instanceof RecordError) {
			return [`${shown(error.path)}: ${error.problem}`];
		}

		throw error;
	}
};

const checkText = (file: string, wanted: string): string[] =>
	kindAt(file) === 'a file' && textOf(file).replaceAll('\r\n', '\n') === wanted
		? []
		: [`${shown(file)} is not what the sweep says; try: ${typed('record', '--text')}`];
