import type {Goal} from '../terms/goal.js';
import {recorded} from '../terms/recorded.js';
import {percent} from '../text/percent.js';
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

/** What a ladder is to reach in the end, and the first of its steps whose every seed does; nothing where it says nothing. */
export const ladderGoal = (records: LadderRecords): string | undefined => {
	const {target, places} = records.ladder;
	const words = goalWords(target);
	if (words === '') {
		return undefined;
	}

	const {testAccuracy, heldFor = 1, maxParameters = Infinity, maxEpochs = Infinity} = target;
	const first = places.find(place => {
		if (testAccuracy === undefined || !records.has(place)) {
			return false;
		}

		const {record} = records.of(place);
		const {parameters, epochs, held} = recorded(record, {testAccuracy, heldFor, maxParameters, maxEpochs});
		return parameters <= maxParameters && epochs <= maxEpochs && held.count === held.of;
	});
	const reached = first
		? ` Reached first by ${first.step.name}, with every seed.`
		: testAccuracy === undefined
			? ''
			: ' Not reached yet.';
	return `Goal: ${words}.${reached}`;
};
