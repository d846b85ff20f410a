import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import {aimOf, type Goal, ofMetric} from '../experiment/goal.js';
import {percent} from '../format/figures.js';
import {constantSentences} from '../record/constant-sentences.js';
import {firstToReach, goalPhrase, hasOwnTarget, wholeGoal} from '../record/goal-sentence.js';
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

	const goal = wholeGoal(target);
	if (!goal) {
		const {target: own} = last.record.preregistration;
		const which = isUndamaged ? 'last step' : 'last step whose record can be read';
		return `The ${which} is \`${last.name}\`. Its target: ${goalPhrase(own)}. ${heldBy(last, own)} ${figures(last)}`;
	}

	const first = firstToReach(records);
	if (first) {
		return `\`${first.name}\` reaches the goal: ${goalPhrase(target)}. ${heldBy(first, goal)} ${ownTarget(first, goal)}${figures(first)}`;
	}

	const {maxParameters, maxEpochs} = goal;
	const within = all.filter(({parameters, epochs}) => parameters <= maxParameters && epochs <= maxEpochs);
	const [closest] = (within.length > 0 ? within : all)
		.map(({record}) => measureRecord(record, goal))
		.toSorted((a, b) => share(b) - share(a) || b.test.mean - a.test.mean);
	const best = closest ?? last;
	const none = isUndamaged ? 'No step reaches the goal yet' : 'No step whose record can be read reaches the goal';
	return `${none}: ${goalPhrase(target)}. The closest is \`${best.name}\`: ${heldBy(best, goal)} ${ownTarget(best, goal)}${figures(best)}`;
};

const share = ({held, trivial}: MeasuredRecord): number => (trivial ? 0 : held.count / held.of);

const heldBy = (measured: MeasuredRecord, goal: Goal): string => {
	const {held} = measured;
	const {metric} = aimOf(goal);
	const constant = constantSentences({...measured, seeds: measured.missed}, metric);
	return [`${held.count} of ${held.of} seeds held it.`, ...constant].join(' ');
};

/** Says how many seeds held the step's own target, which its row in the table is about, if that differs from the ladder's goal. */
const ownTarget = ({record}: MeasuredRecord, goal: Goal): string => {
	const {target} = record.preregistration;
	if (!hasOwnTarget(target, goal)) {
		return '';
	}

	const {held} = measureRecord(record);
	const {metric, atLeast} = aimOf(target);
	const epochs = target.heldFor === 1 ? 'the last epoch' : `each of the last ${target.heldFor} epochs`;
	return `The step’s own target, ${ofMetric(percent(atLeast), metric)} in ${epochs}, was held by ${held.count} of ${held.of}. `;
};

const figures = ({parameters, epochs, test}: MeasuredRecord): string =>
	`It has ${parameters.toLocaleString('en')} parameters, trains for ${epochs} epochs and gets ${percent(test.mean)} % of the test images right, ` +
	'averaged over its last five epochs.';
