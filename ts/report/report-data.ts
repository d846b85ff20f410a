import {type MeasuredPredictions, measurePredictionsOverSeeds} from '../claims/measured-predictions.js';
import type {MeasuredRecord} from '../claims/measured-record.js';
import {type Mistake, mistakesOf} from '../claims/mistakes.js';
import {measureAnswers} from '../claims/recorded-predictions.js';
import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {type Summary, summarize} from '../experiment/summarize.js';
import type {PublishedResult} from '../ladder/define-ladder.js';
import {ladderHint} from '../ladder/ladder-hint.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {LadderRecords} from '../record/ladder-records.js';
import {type LadderRow, ladderRows} from '../record/ladder-table.js';
import {stepChanges} from '../record/preregister.js';
import {findStale} from '../record/stale.js';
import {type StepText, stepText} from '../record/text-block.js';
import {type Changes, changesBetween} from './changes.js';
import {type Comparison, comparedRecord, comparison} from './comparison.js';
import {confusion} from './confusion.js';
import type {ExportsTable} from './exports-table.js';
import {headline} from './headline.js';

/** The content of a report, independent of its format. */
export type ReportData = {
	/** Name of the ladder. */
	readonly name: string;
	/** Summary of the ladder in a few sentences. */
	readonly headline: string;
	readonly data: Data;
	readonly published: readonly PublishedResult[];
	readonly rows: readonly LadderRow[];
	/** Recorded steps in ladder order. */
	readonly steps: readonly ReportedStep[];
	/** Recorded steps without a chapter, since their own record or one that they refer to is damaged. */
	readonly leftOut: ReadonlyMap<string, RecordError>;
	/** Recorded steps whose images are not the ladder's any more, each with the reason. */
	readonly stale: ReadonlyMap<string, RecordError>;
	/** The exports of models of its steps. */
	readonly exports: ExportsTable;
};

/** A recorded step as a report shows it. */
export type ReportedStep = {
	readonly entry: StepEntry;
	readonly recorded: MeasuredRecord;
	readonly text: StepText;
	/** Differences from its parent step; `undefined` without one. */
	readonly changes: Changes | undefined;
	readonly summary: Summary;
	/** Whether its receptive fields differ from its parent's. */
	readonly seesOther: boolean;
	/** Whether the ladder's images have changed since it was recorded: confusion and mistakes, which need them, are empty then. */
	readonly isStale: boolean;
	/** How the step differs from its preregistration, as a sentence; `undefined` if it does not. */
	readonly changedSince: string | undefined;
	/** Rows are true classes, columns predicted ones: means over seeds. */
	readonly confusion: ReadonlyArray<readonly number[]>;
	/** The predictions of the last epoch, by class and as a whole. */
	readonly predictions: MeasuredPredictions | undefined;
	readonly mistakes: readonly Mistake[];
	/** Comparison with its parent step. */
	readonly comparison: Comparison | undefined;
};

/**
 * Gathers the content of a ladder's report. A step without a readable record has a row in the table, but no chapter. If the data have changed
 * since a step was recorded, its chapter is marked, and says nothing about single images.
 */
export const reportData = (records: LadderRecords, data: Data, exports: ExportsTable): ReportData => {
	const {name, entries, published} = records.ladder;
	const steps: ReportedStep[] = [];
	const leftOut = new Map<string, RecordError>();
	const stale = new Map<string, RecordError>();
	for (const entry of entries.filter(entry => records.has(entry))) {
		const recorded = records.find(entry);
		if (recorded && recorded.record.data.hash !== data.hash) {
			const problem = `the ladder’s data have changed since this was recorded${decodedBy(data)}: restore them, or try: ${ladderHint(entry.record, 'record', `--step ${entry.step.name} --fresh`)}`;
			stale.set(entry.step.name, new RecordError(entry.record, problem));
		}

		try {
			steps.push(reportedStep(entry, records, data));
		} catch (error) {
			if (!(error instanceof RecordError)) {
				throw error;
			}

			leftOut.set(entry.step.name, error);
		}
	}

	const rows = ladderRows(records, findStale(records, data).steps);
	return {...{name, data, published, headline: headline(records), rows}, steps, leftOut, stale, exports};
};

/** Names the decoder of compressed images, since another one may decode the same files differently. */
const decodedBy = ({decoder}: Data): string =>
	decoder === undefined ? '' : ` (or ${decoder} decodes the same files differently)`;

/**
 * Gathers the chapter of a step.
 *
 * @throws {RecordError} if its record, or one that it refers to, is damaged
 */
const reportedStep = (entry: StepEntry, records: LadderRecords, data: Data): ReportedStep => {
	const {step} = entry;
	const recorded = records.of(entry);
	const parent = step.from && records.find(records.ladder.entry(step.from.name));
	const from = parent?.record.data.hash === recorded.record.data.hash ? parent : undefined; // images of one set alone are paired
	const summary = summarize(step.experiment.net);
	const isStale = recorded.record.data.hash !== data.hash;
	const before = step.from && summarize(step.from.experiment.net);
	return {
		...{entry, recorded, text: stepText(entry, records), summary},
		changedSince: stepChanges(entry, recorded.record.preregistration)[0],
		seesOther: String(before && fieldsOf(before)) !== String(fieldsOf(summary)),
		changes: step.from && changesBetween(step.from.experiment, step.experiment),
		...(isStale
			? {isStale, confusion: [], mistakes: [], predictions: undefined}
			: {
					...{isStale, confusion: confusion(recorded, data), mistakes: mistakesOf(recorded)},
					predictions: predictionsOf(recorded, data),
				}),
		comparison: from && comparison(comparedRecord(recorded), comparedRecord(from), step.target.primary),
	};
};

/** Measures the predictions of a record's seeds. The data have the classes of the images, which older records do not. */
const predictionsOf = ({record}: MeasuredRecord, data: Data): MeasuredPredictions | undefined =>
	measurePredictionsOverSeeds(
		new Map(
			record.answers.flatMap(answers => {
				const measures = measureAnswers(answers, data.classes, data.testLabels());
				return measures ? [[answers.seed, measures] as const] : [];
			}),
		),
	);

/** Returns the distinct widths of the receptive fields in ascending order, in pixels; of branches, the largest is that of the whole. */
export const fieldsOf = ({rows}: Summary): number[] =>
	[...new Set(rows.map(({fieldOut}) => fieldOut))].toSorted((a, b) => a - b);

/** Names the stale steps at the head of a report; empty if there are none. */
export const staleSentence = ({stale}: ReportData): string =>
	stale.size === 0
		? ''
		: `Stale, since the images have changed since they were recorded: ${[...stale.keys()].join(', ')}.`;

/** Marks a step that has changed since it was recorded, in a report. */
export const changedNote = (change: string): string =>
	`Stale: the step has changed since this was recorded: ${change}. Figures are those of the record, layers those of the step now.`;

/** Marks a step whose images are not the ladder's any more, in a report. */
export const staleNote =
	'Stale: the ladder’s images have changed since this was recorded. The figures are those of the old images; confusion and misclassified images are left out.';
