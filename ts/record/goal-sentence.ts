import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import type {Goal} from '../experiment/goal.js';
import {percent} from '../format/figures.js';
import type {LadderRecords} from './ladder-records.js';

/** A goal in words, without a full stop: `at least 99.40 % of the test images in each of the last 5 epochs, ...`. */
export const goalWords = ({testAccuracy, heldFor = 1, maxParameters, maxEpochs}: Partial<Goal>): string => {
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
 * The first step whose every seed holds the ladder's goal, judged by that goal; nothing where it names no accuracy. Steps
 * whose records can't be read are passed over.
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

/** What a ladder is to reach in the end, and the first of its steps whose every seed does; nothing where it says nothing. */
export const ladderGoal = (records: LadderRecords): string | undefined => {
	const {target} = records.ladder;
	const words = goalWords(target);
	if (words === '') {
		return undefined;
	}

	const first = firstToReach(records);
	const isWhole = records.damaged().size === 0; // else an earlier step may have reached it
	const reached = first
		? ` Reached ${isWhole ? 'first ' : ''}by ${first.name}, with every seed.`
		: target.testAccuracy === undefined
			? ''
			: ` Not reached ${isWhole ? 'yet' : 'by a step whose record can be read'}.`;
	return `Goal: ${words}.${reached}`;
};
