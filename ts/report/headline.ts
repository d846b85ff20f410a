import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import {percent} from '../format/figures.js';
import {firstToReach, goalPhrase} from '../record/goal-sentence.js';
import type {LadderRecords} from '../record/ladder-records.js';

/**
 * Summarizes a ladder: the first step that reaches the goal, or the closest one, with its held seeds, size and accuracy.
 * A ladder without a goal is summarized by its last recorded step and that step's target.
 */
export const headline = (records: LadderRecords): string => {
	const {target, entries} = records.ladder;
	const all = entries.flatMap(entry => records.find(entry) ?? []);
	const last = all.at(-1);
	const isUndamaged = records.damaged().size === 0;
	if (!last) {
		return isUndamaged ? 'No step has been recorded yet.' : 'No step has a record that can be read.';
	}

	const {testAccuracy, heldFor = 1, maxParameters = Infinity, maxEpochs = Infinity} = target;
	if (testAccuracy === undefined) {
		const {target: own} = last.record.preregistration;
		const which = isUndamaged ? 'last step' : 'last step whose record can be read';
		return `The ${which} is \`${last.name}\`. Its target: ${goalPhrase(own)}. ${heldBy(last)} ${figures(last)}`;
	}

	const first = firstToReach(records);
	if (first) {
		return `\`${first.name}\` reaches the goal: ${goalPhrase(target)}. ${heldBy(first)} ${figures(first)}`;
	}

	const goal = {testAccuracy, heldFor, maxParameters, maxEpochs};
	const within = all.filter(({parameters, epochs}) => parameters <= maxParameters && epochs <= maxEpochs);
	const [closest] = (within.length > 0 ? within : all)
		.map(({record}) => measureRecord(record, goal))
		.toSorted((a, b) => share(b) - share(a) || b.test.mean - a.test.mean);
	const best = closest ?? last;
	const none = isUndamaged ? 'No step reaches the goal yet' : 'No step whose record can be read reaches the goal';
	return `${none}: ${goalPhrase(target)}. The closest is \`${best.name}\`: ${heldBy(best)} ${figures(best)}`;
};

const share = ({held}: MeasuredRecord): number => held.count / held.of;

const heldBy = ({held}: MeasuredRecord): string => `${held.count} of ${held.of} seeds held it.`;

const figures = ({parameters, epochs, test}: MeasuredRecord): string =>
	`It has ${parameters.toLocaleString('en')} parameters, trains for ${epochs} epochs and gets ${percent(test.mean)} % of the test images right, ` +
	'averaged over its last five epochs.';
