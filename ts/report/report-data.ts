import type {MeasuredRecord} from '../claims/measured-record.js';
import {type Mistake, mistakesOf} from '../claims/mistakes.js';
import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {type Summary, summarize} from '../experiment/summarize.js';
import type {PublishedResult} from '../ladder/define-ladder.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {commandHint} from '../platform/command-hint.js';
import type {LadderRecords} from '../record/ladder-records.js';
import {type LadderRow, ladderRows} from '../record/ladder-table.js';
import {type StepText, stepText} from '../record/text-block.js';
import {type Changes, changesBetween} from './changes.js';
import {type Comparison, comparedRecord, comparison} from './comparison.js';
import {confusion} from './confusion.js';
import {headline} from './headline.js';

/** All that a report shows, before it is put on a page. */
export type ReportData = {
	/** The ladder's. */
	readonly name: string;
	/** What it has come to. */
	readonly headline: string;
	readonly data: Data;
	readonly published: readonly PublishedResult[];
	readonly rows: readonly LadderRow[];
	/** Recorded steps, in their order. */
	readonly steps: readonly ReportedStep[];
	/** Recorded steps that have none, as their own record or one that they speak of is damaged. */
	readonly leftOut: ReadonlyMap<string, RecordError>;
};

export type ReportedStep = {
	readonly entry: StepEntry;
	readonly recorded: MeasuredRecord;
	readonly text: StepText;
	/** Against the step that it grew from; none for the first. */
	readonly changes: Changes | undefined;
	readonly summary: Summary;
	/** Whether a unit sees another part of an image than in the step that it grew from. */
	readonly seesOther: boolean;
	/** Rows are classes, columns what they were taken for: the mean over seeds. */
	readonly confusion: ReadonlyArray<readonly number[]>;
	readonly mistakes: readonly Mistake[];
	/** With the step that it grew from. */
	readonly comparison: Comparison | undefined;
};

/**
 * Gathers what is known of a ladder. Steps without a record that can be read have a row in its table, and no chapter.
 *
 * @throws {RecordError} if the data have changed since a step was recorded: its predictions are of other images
 */
export const reportData = (records: LadderRecords, data: Data): ReportData => {
	const {name, entries, published} = records.ladder;
	const steps: ReportedStep[] = [];
	const leftOut = new Map<string, RecordError>();
	for (const entry of entries.filter(entry => records.has(entry))) {
		const recorded = records.find(entry);
		if (recorded && recorded.record.data.hash !== data.hash) {
			throw new RecordError(
				entry.record,
				`the ladder’s data have changed since this was recorded${decodedBy(data)}: restore them, or try: ${commandHint('record', `--step ${entry.step.name} --fresh`)}`,
			);
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

	return {...{name, data, published, headline: headline(records), rows: ladderRows(records)}, steps, leftOut};
};

/** A reason why the same files may be other data. */
const decodedBy = ({decoder}: Data): string =>
	decoder === undefined ? '' : ` (or ${decoder} decodes the same files differently)`;

/** @throws {RecordError} where its record is damaged, or one that it speaks of */
const reportedStep = (entry: StepEntry, records: LadderRecords, data: Data): ReportedStep => {
	const {step} = entry;
	const recorded = records.of(entry);
	const from = step.from && records.find(records.ladder.entry(step.from.name));
	const summary = summarize(step.experiment.net);
	const before = step.from && summarize(step.from.experiment.net);
	return {
		...{entry, recorded, text: stepText(entry, records), summary},
		seesOther: String(before && fieldsOf(before)) !== String(fieldsOf(summary)),
		changes: step.from && changesBetween(step.from.experiment, step.experiment),
		...{confusion: confusion(recorded, data), mistakes: mistakesOf(recorded)},
		comparison: from && comparison(comparedRecord(recorded), comparedRecord(from), step.target.primary),
	};
};

/** Widths of what a unit sees, each once, from the first layer on. */
export const fieldsOf = ({rows}: Summary): number[] => [...new Set(rows.map(({fieldOut}) => fieldOut))];
