import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import type {PublishedResult} from '../ladder/define-ladder.js';
import type {Place} from '../ladder/open-ladder.js';
import {ladderGoal} from '../record/goal-sentence.js';
import type {LadderRecords} from '../record/ladder-records.js';
import {type LadderRow, ladderRows} from '../record/ladder-table.js';
import {type StepText, stepText} from '../record/text-block.js';
import {type Difference, differences} from '../terms/difference.js';
import {type Mistake, mistakesOf} from '../terms/mistakes.js';
import type {Recorded} from '../terms/recorded.js';
import {type Summary, summarize} from '../terms/summarize.js';
import {typed} from '../text/typed.js';
import {type Comparison, comparison} from './comparison.js';
import {confusion} from './confusion.js';

/** All that a report shows, before it is put on a page. */
export type ReportData = {
	/** The ladder's. */
	readonly name: string;
	/** What it is to reach, where it says so. */
	readonly goal: string | undefined;
	readonly data: Data;
	readonly published: readonly PublishedResult[];
	readonly rows: readonly LadderRow[];
	/** Recorded steps, in their order. */
	readonly steps: readonly ReportedStep[];
};

export type ReportedStep = {
	readonly place: Place;
	readonly recorded: Recorded;
	readonly text: StepText;
	/** Against the step that it grew from; none for the first. */
	readonly changes: readonly Difference[];
	readonly summary: Summary;
	/** Rows are classes, columns what they were taken for: the mean over seeds. */
	readonly confusion: ReadonlyArray<readonly number[]>;
	readonly mistakes: readonly Mistake[];
	/** With the step that it grew from. */
	readonly comparison: Comparison | undefined;
};

/**
 * Gathers what is known of a ladder. Steps without a record have a row in its table, and no chapter.
 *
 * @throws {RecordError} where a record is damaged, or of other data: its answers are about other images
 */
export const reportData = (records: LadderRecords, data: Data): ReportData => {
	const {name, places, published} = records.ladder;
	return {
		...{name, data, published, goal: ladderGoal(records), rows: ladderRows(records)},
		steps: places
			.filter(place => records.has(place))
			.map(place => {
				const {step} = place;
				const evidence = records.evidence(place);
				const recorded = evidence.self;
				if (recorded.record.data.hash !== data.hash) {
					throw new RecordError(
						place.record,
						`it is of other data than the ladder has now: bring those back, or try: ${typed('record', `--step ${step.name} --fresh`)}`,
					);
				}

				const hasFrom = step.from !== undefined && records.has(records.ladder.place(step.from.name));
				return {
					...{place, recorded, text: stepText(step, evidence), summary: summarize(step.experiment.net)},
					changes: step.from ? differences(step.from.experiment, step.experiment) : [],
					...{confusion: confusion(recorded, data), mistakes: mistakesOf(recorded)},
					comparison: hasFrom ? comparison(recorded, evidence.from, step.target.primary) : undefined,
				};
			}),
	};
};
