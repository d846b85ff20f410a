import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import {aimOf, type Goal, goalOf, ofMetric, type PartialGoal, partialAim} from '../experiment/goal.js';
import {metricName} from '../experiment/metric.js';
import {percent} from '../format/figures.js';
import {needsClassCounts} from './check-record.js';
import type {LadderRecords} from './ladder-records.js';

/** Formats a goal without a full stop: `at least 99.40 % of the test images in each of the last 5 epochs, ...`. */
export const goalPhrase = (goal: PartialGoal): string => {
	const {heldFor = 1, maxParameters, maxEpochs} = goal;
	const aim = partialAim(goal);
	const accuracy =
		aim &&
		(aim.metric === 'accuracy'
			? `at least ${percent(aim.atLeast)} % of the test images in ${epochsOf(heldFor)}`
			: `at least ${ofMetric(percent(aim.atLeast), aim.metric)} on the test images in ${epochsOf(heldFor)}`);
	const budgets = [
		...(maxParameters ? [`${maxParameters.toLocaleString('en')} parameters`] : []),
		...(maxEpochs ? [`${maxEpochs} epochs`] : []),
	];
	const within = budgets.length > 0 && `at most ${budgets.join(' and ')}`;
	return [accuracy, within].filter(part => part).join(', with ');
};

const epochsOf = (heldFor: number): string => (heldFor === 1 ? 'the last epoch' : `each of the last ${heldFor} epochs`);

/**
 * Returns the record of the first step whose every seed reaches the ladder's goal, measured by that goal; `undefined` if
 * the goal names no accuracy or other metric. A step that is no better than a constant answer does not reach it. Steps whose records can't be read are skipped.
 */
export const firstToReach = (records: LadderRecords): MeasuredRecord | undefined => {
	const {target, entries} = records.ladder;
	const goal = wholeGoal(target);
	if (!goal) {
		return undefined;
	}

	const {maxParameters, maxEpochs} = goal;
	return entries
		.flatMap(entry => records.find(entry) ?? [])
		.map(({record}) => measureRecord(record, goal))
		.find(
			({parameters, epochs, held, trivial}) =>
				parameters <= maxParameters && epochs <= maxEpochs && held.count === held.of && !trivial,
		);
};

/** Returns a ladder's goal with its defaults filled in; `undefined` if it names no accuracy or other metric. */
export const wholeGoal = (target: PartialGoal): Goal | undefined => {
	const {heldFor = 1, maxParameters = Infinity, maxEpochs = Infinity} = target;
	const aim = partialAim(target);
	return aim && goalOf({...aim, heldFor, maxParameters, maxEpochs});
};

/** Returns whether a step's target asks for other values than a ladder's goal that names some, apart from budgets. */
export const hasOwnTarget = (target: Goal, goal: PartialGoal): boolean => {
	const aim = partialAim(goal);
	const own = aimOf(target);
	return (
		aim !== undefined &&
		(metricName(aim.metric) !== metricName(own.metric) ||
			aim.atLeast !== own.atLeast ||
			(goal.heldFor ?? 1) !== target.heldFor)
	);
};

/** Lists recorded steps that can't be compared with the ladder's goal, which is on a metric that they do not have. */
const withoutMetric = (records: LadderRecords): string[] => {
	const {target, entries} = records.ladder;
	return needsClassCounts(target)
		? entries.flatMap(entry => {
				const found = records.find(entry);
				return found?.record.epochs.some(({testByClass}) => !testByClass) ? [found.name] : [];
			})
		: [];
};

/** Returns a ladder's goal and the first step whose every seed reaches it; `undefined` if it has no goal. */
export const ladderGoal = (records: LadderRecords): string | undefined => {
	const {target} = records.ladder;
	const phrase = goalPhrase(target);
	if (phrase === '') {
		return undefined;
	}

	const first = firstToReach(records);
	const isWhole = records.damaged().size === 0; // else an earlier step may have reached it
	const reached = first
		? ` Reached ${isWhole ? 'first ' : ''}by ${first.name}, with every seed.`
		: partialAim(target) === undefined
			? ''
			: ` Not reached ${isWhole ? 'yet' : 'by a step whose record can be read'}.`;
	const unknown = withoutMetric(records);
	const again =
		unknown.length > 0
			? ` Recorded for accuracy alone, and so not compared: ${unknown.join(', ')} (record again with \`--fresh\`).`
			: '';
	const own = records.ladder.entries.some(({step}) => hasOwnTarget(step.target, target))
		? ' Each step has a target of its own as well, which Target and Held in the table are about.'
		: '';
	return `Goal: ${phrase}.${reached}${again}${own}`;
};
