import {type Difference, differences} from '../experiment/difference.js';
import {type Summary, summarize} from '../experiment/summarize.js';
import type {LadderRecords} from '../record/ladder-records.js';
import type {Recorded} from '../record/recorded.js';
import {type StepText, stepText} from '../record/text-block.js';
import type {Place} from '../steps/index.js';
import {type Comparison, comparison} from './comparison.js';
import {type LadderRow, ladderRows} from './ladder.js';
import {confusion, type Mistake, mistakesOf} from './mistakes.js';

/** All that a report shows, before it is put on a page. */
export type ReportData = {
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
	/** Rows are digits, columns what they were taken for: the mean over seeds. */
	readonly confusion: ReadonlyArray<readonly number[]>;
	readonly mistakes: readonly Mistake[];
	/** With the step that it grew from. */
	readonly comparison: Comparison | undefined;
};

/** Gathers what is known of the ladder. Steps without a record have a row in its table, and no chapter. */
export const reportData = (ladder: readonly Place[], records: LadderRecords): ReportData => ({
	rows: ladderRows(ladder, records),
	steps: ladder
		.filter(({step}) => records.has(step))
		.map(place => {
			const {step} = place;
			const evidence = records.evidence(place);
			const recorded = evidence.self;
			return {
				...{place, recorded, text: stepText(step, evidence), summary: summarize(step.experiment.net)},
				changes: step.from ? differences(step.from.experiment, step.experiment) : [],
				...{confusion: confusion(recorded), mistakes: mistakesOf(recorded)},
				comparison: step.from && records.has(step.from) ? comparison(recorded, evidence.from) : undefined,
			};
		}),
});
