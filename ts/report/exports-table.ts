import {createHash} from 'node:crypto';
import {existsSync, readFileSync, realpathSync} from 'node:fs';
import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import type {ExportAnswers} from '../export/evidence.js';
import {type ListedExport, listExports} from '../export/list-exports.js';
import {displayPath} from '../format/command-line.js';
import {percent} from '../format/figures.js';
import {checkPath} from '../validation/check-path.js';

/** A run whose model may have been exported. */
export type ExportedRun = {readonly step: string; readonly seed: number; readonly folder: string};

/** The exports of the models of runs. */
export type ExportsTable = {
	readonly head: readonly string[];
	readonly body: ReadonlyArray<readonly string[]>;
	/** Sentences about exports that are not in the table. */
	readonly notes: readonly string[];
};

/** What the table is of, in a report. */
export const exportsNote =
	'Bytes: all files of the format. Other answers: images whose likeliest class is another one than by the model itself.';

/** The folder that exports are written to, and looked for in. */
const usual = 'exports';

/**
 * Returns the folders that exports are looked for in.
 *
 * @param given the folder that was named, if any
 * @param beside other folders whose `exports` are looked through, beside that of the working folder
 * @throws {ConfigError} if the folder that was named is missing
 */
export const exportFolders = (given: string | undefined, beside: readonly string[] = []): string[] => {
	if (given === undefined) {
		const found = ['.', ...beside].map(folder => path.join(folder, usual)).filter(folder => existsSync(folder));
		return [...new Map(found.map(folder => [realpathSync(folder), folder])).values()];
	}

	checkPath('exports', given);
	if (!existsSync(given)) {
		throw new ConfigError('exports', 'a folder with exports', given, `there is no folder ${given}`);
	}

	return [given];
};

/** Gathers the exports of the models of runs, which are known by the sha256 of the model's file. */
export const exportsTable = (folders: readonly string[], runs: () => readonly ExportedRun[]): ExportsTable => {
	const notes: string[] = [];
	const exports = folders.flatMap(folder => listExports(folder, error => notes.push(`${error.message}.`)));
	const runOf = new Map(
		exports.length === 0 ? [] : runs().flatMap(run => (hasModel(run) ? [[modelHash(run), run]] : [])),
	);
	const shown = exports.flatMap(found => {
		const run = runOf.get(found.evidence.model.sha256);
		return run ? [{...found, run}] : [];
	});
	const others = exports.length - shown.length;
	return {
		head: [
			...['Step', 'Seed', 'Format', 'Bytes', 'Computed by', 'Other answers', 'Logits apart, at most'],
			...['Accuracy %', 'Images', 'Folder'],
		],
		body: shown
			.toSorted((a, b) => a.run.step.localeCompare(b.run.step, 'en') || a.run.seed - b.run.seed)
			.flatMap(rowsOf),
		notes: [
			...notes,
			...(others > 0 && shown.length > 0 ? [`Exports of other models there, not shown: ${others}.`] : []),
		],
	};
};

const modelOf = ({folder}: ExportedRun): string => path.join(folder, 'model.safetensors');
const hasModel = (run: ExportedRun): boolean => existsSync(modelOf(run));
const modelHash = (run: ExportedRun): string =>
	createHash('sha256')
		.update(readFileSync(modelOf(run)))
		.digest('hex');

/** Returns a row for each runtime that answered by an export; one for an export that none answered by. */
const rowsOf = ({folder, evidence, run}: ListedExport & {readonly run: ExportedRun}): string[][] => {
	const {images, answers, files} = evidence;
	const count = (value: number): string => value.toLocaleString('en');
	const bytes = count(files.reduce((sum, file) => sum + file.bytes, 0));
	const cells = (computed: readonly string[], answered: number): string[] => [
		...[run.step, String(run.seed), formatOf(evidence), bytes, ...computed],
		...[`${count(answered)} (${images.name})`, displayPath(folder)],
	];
	return answers.length === 0
		? [cells(['none: not checked', '-', '-', '-'], 0)]
		: answers.map(answer => {
				const {runtime, differ, largestDifference, accuracy, images: part = images.count} = answer;
				const apart = largestDifference === 0 ? '0' : largestDifference.toExponential(1);
				return cells([runtime, count(differ), apart, accuracyCell(accuracy, part)], part);
			});
};

/** Formats the format with the options that change what is computed: `onnx, opset 17, folded`. */
const formatOf = ({kind, options}: ListedExport['evidence']): string =>
	[kind, kind === 'onnx' && `opset ${options.opset}`, options.fold && 'folded', options.int8 && 'int8']
		.filter(Boolean)
		.join(', ');

/** Formats the accuracy of an export, and that of its model, where they are expected to differ. */
const accuracyCell = (accuracy: ExportAnswers['accuracy'], images: number): string =>
	accuracy === undefined ? '-' : `${percent(accuracy.export / images)} (the model ${percent(accuracy.model / images)})`;
