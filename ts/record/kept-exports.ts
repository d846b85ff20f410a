import path from 'node:path';
import type {MeasuredRecord} from '../claims/measured-record.js';
import {RecordError} from '../errors/index.js';
import type {ExportAnswers} from '../export/evidence.js';
import {type ExportEvidence, evidenceFile} from '../export/export-file.js';
import {listExports} from '../export/list-exports.js';
import {percent} from '../format/figures.js';
import {markdownTable} from '../format/markdown.js';
import type {LadderRecords} from './ladder-records.js';
import {markedTable} from './marked-table.js';

/** The place of the table of exports in the ladder's page, which need not have it. */
export const exportMarks = markedTable('exports', 'exports’');

/** The evidence of an export of a recorded seed: `records/exports/STEP-SEED-ANYTHING/export.json`, a copy of that in the export. */
type KeptExport = {
	readonly recorded: MeasuredRecord;
	readonly seed: number;
	readonly evidence: ExportEvidence;
	/** The answers that count: those on all images, if a runtime gave them. */
	readonly answers: ExportAnswers;
	/** Right answers of the model after its last epoch, of all test images. */
	readonly right: {readonly count: number; readonly of: number};
};

/**
 * Replaces the table of exports between its marks, from the evidence that is kept beside the records. A page without marks stays as it is.
 *
 * @throws {RecordError} for evidence that can't be read, is of no recorded seed, or differs from its record
 */
export const withExports = (page: string, records: LadderRecords): string => {
	if (!exportMarks.has(page)) {
		return page;
	}

	const exports = keptExports(records);
	return exportMarks.replace(page, exports.length === 0 ? 'No export is kept.' : tableOf(exports));
};

const keptExports = (records: LadderRecords): KeptExport[] => {
	const root = path.join(records.ladder.folder, 'records', 'exports');
	const found = listExports(root, error => {
		throw new RecordError(error.path, error.message);
	});
	return found.map(({folder, evidence}) => keptExport(folder, evidence, records));
};

const keptExport = (folder: string, evidence: ExportEvidence, records: LadderRecords): KeptExport => {
	const file = path.join(folder, evidenceFile);
	const [, step = '', digits = ''] = /^(.+?)-(\d+)(?:-[^\d].*)?$/.exec(path.basename(folder)) ?? [];
	const entry = records.ladder.entries.find(({step: {name}}) => name === step);
	const seed = Number(digits);
	const recorded = entry && records.find(entry);
	const last = recorded?.record.epochs.findLast(row => row.seed === seed);
	if (!recorded || !last) {
		const wanted = 'its folder should be called after a recorded seed, as `STEP-SEED-FORMAT`';
		throw new RecordError(file, `${wanted}; there is no record of a seed ${digits || '?'} of \`${step || '?'}\``);
	}

	const {model, images, answers} = evidence;
	if (model.parameters !== recorded.parameters) {
		throw new RecordError(
			file,
			`the model that was exported has ${model.parameters} parameters, and \`${step}\` has ${recorded.parameters}`,
		);
	}

	const most = answers.find(({images}) => images === undefined);
	if (!most || images.count !== last.testTotal) {
		const answered = most ? images.count : 'fewer';
		throw new RecordError(file, `a runtime should have answered all ${last.testTotal} test images; it has ${answered}`);
	}

	if (most.accuracy && most.accuracy.model !== last.testCorrect) {
		const got = `the model that was exported gets ${most.accuracy.model} test images right`;
		throw new RecordError(file, `${got}, and seed ${seed} of \`${step}\` was recorded with ${last.testCorrect}`);
	}

	return {
		...{recorded, seed, evidence, answers: most},
		right: {count: last.testCorrect, of: last.testTotal},
	};
};

const tableOf = (exports: readonly KeptExport[]): string => {
	const sorted = exports.toSorted(
		(a, b) =>
			a.recorded.parameters - b.recorded.parameters ||
			a.recorded.name.localeCompare(b.recorded.name, 'en') ||
			a.seed - b.seed,
	);
	return markdownTable(
		['Net', 'Seed', 'Format', 'Bytes', 'Flash, bytes', 'RAM, bytes', 'Multiply-adds', 'Accuracy %', 'Other answers'],
		sorted.map(rowOf),
	);
};

const rowOf = ({recorded, seed, evidence, answers, right}: KeptExport): string[] => {
	const {kind, options, files, model} = evidence;
	const count = (value: number | undefined): string => value?.toLocaleString('en') ?? '-';
	const figures = evidence.answers.find(({figures}) => figures)?.figures;
	// without a count of its own, an export whose answers are the model's is as accurate as that
	const correct = answers.accuracy?.export ?? (answers.differ === 0 ? right.count : undefined);
	return [
		...[
			recorded.name,
			String(seed),
			[kind, options.fold && 'folded', options.int8 && 'int8'].filter(Boolean).join(', '),
		],
		...[count(files.reduce((sum, {bytes}) => sum + bytes, 0)), count(figures?.flash), count(figures?.ram)],
		...[count(model.multiplyAdds), correct === undefined ? '-' : percent(correct / right.of), count(answers.differ)],
	];
};
