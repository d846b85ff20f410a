import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {checkFolder} from '../validation/check-path.js';
import {validate} from '../validation/validate.js';
import {type CheckOptions, checkShape, compareExport} from './compare-export.js';
import type {ExportComparison} from './evidence.js';
import {type ExportEvidence, hashedFile, modelFile, readEvidence} from './export-file.js';
import {formats} from './formats.js';
import {readModel} from './read-model.js';
import {asWritten} from './rewrites.js';

/** An export that was checked again. */
export type CheckedExport = {
	/** As its `export.json` says. */
	readonly evidence: ExportEvidence;
	/** Names of files that are missing or have changed since they were written. */
	readonly changed: readonly string[];
	/** The comparison of the files with the model, as they are now; `undefined` if any of them has changed. */
	readonly now: ExportComparison | undefined;
	/** Whether nothing has changed, the images are the same, and a runtime answered, with no more other answers than are recorded. */
	readonly agrees: boolean;
};

const optionsShape = z.strictObject(checkShape, 'an object');

/**
 * Compares an export with its model again, as `export.json` says that it was.
 *
 * @param folder that of the export
 * @throws {DataError} for a folder without an export, and for images that can't be read
 * @throws {ConfigError}, {ModelError}, {AbortError}
 */
export const checkExport = async (folder: string, options: CheckOptions = {}): Promise<CheckedExport> => {
	validate(optionsShape, options, 'options');
	checkFolder('folder', folder);
	const evidence = readEvidence(folder);
	const changed = changedFiles(folder, evidence);
	if (changed.length > 0) {
		return {evidence, changed, now: undefined, agrees: false};
	}

	const format = formats[evidence.kind];
	const net = asWritten(await readModel(path.join(folder, modelFile)), format, evidence.options.fold);
	const now = await compareExport(path.resolve(folder), net, format, evidence.options, options);
	return {evidence, changed, now, agrees: agreesWith(evidence, now)};
};

const changedFiles = (folder: string, {files, model}: ExportEvidence): string[] =>
	[...files, {name: modelFile, sha256: model.sha256}]
		.filter(({name, sha256}) => {
			const file = path.join(folder, name);
			return !existsSync(file) || hashedFile(name, readFileSync(file)).sha256 !== sha256;
		})
		.map(({name}) => name);

/** Runtimes of other versions may round otherwise, so that only answers have to be the same. */
const agreesWith = (recorded: ExportComparison, now: ExportComparison): boolean => {
	const most = Math.max(0, ...recorded.answers.map(({differ}) => differ));
	const isSame = now.images.sha256 === recorded.images.sha256 && now.answers.length > 0;
	return isSame && now.answers.every(({differ}) => differ <= most);
};
