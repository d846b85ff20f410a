import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import type {Goal} from '../experiment/goal.js';
import {percent} from '../format/figures.js';
import type {LadderRecords} from './ladder-records.js';

/** Formats a goal without a full stop: `at least 99.40 % of the test images in each of the last 5 epochs, ...`. */
export const goalPhrase = ({testAccuracy, heldFor = 1, maxParameters, maxEpochs}: Partial<Goal>): string => {
	const accuracy = testAccuracy && `at least ${percent(testAccuracy)} % of the test images in ${epochsOf(heldFor)}`;
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
 * the goal names no accuracy. Steps whose records can't be read are skipped.
 */
export const firstToReach = (records: LadderRecords): MeasuredRecord | undefined => {
	const {target, entries} = records.ladder;
	const {testAccuracy, heldFor = 1, maxParameters = Infinity, maxEpochs = Infinity} = target;
	if (testAccuracy === undefined) {
		return undefined;
	}

	return entries
		.flatMap(entry => records.find(entry) ?? [])
		.map(({record}) => measureRecord(record, {testAccuracy, heldFor, maxParameters, maxEpochs}))
		.find(({parameters, epochs, held}) => parameters <= maxParameters && epochs <= maxEpochs && held.count === held.of);
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
		: target.testAccuracy === undefined
			? ''
			: ` Not reached ${isWhole ? 'yet' : 'by a step whose record can be read'}.`;
	return `Goal: ${phrase}.${reached}`;
};
