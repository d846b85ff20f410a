import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import {percent} from '../format/figures.js';
import {firstToReach, goalPhrase} from '../record/goal-sentence.js';
import type {LadderRecords} from '../record/ladder-records.js';

/**
 * What a ladder has come to: which step, held by how many seeds, at how many parameters, against which target. Without
 * a goal of the ladder's own, its last recorded step stands against the target of that step.
 */
export const headline = (records: LadderRecords): string => {
	const {target, entries} = records.ladder;
	const all = entries.flatMap(entry => records.find(entry) ?? []);
	const last = all.at(-1);
	const isWhole = records.damaged().size === 0;
	if (!last) {
		return isWhole ? 'No step has been recorded yet.' : 'No step has a record that can be read.';
	}

	const {testAccuracy, heldFor = 1, maxParameters = Infinity, maxEpochs = Infinity} = target;
	if (testAccuracy === undefined) {
		const {target: own} = last.record.preregistration;
		const which = isWhole ? 'last step' : 'last step whose record can be read';
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
	const found = closest ?? last;
	const none = isWhole ? 'No step reaches the goal yet' : 'No step whose record can be read reaches the goal';
	return `${none}: ${goalPhrase(target)}. The closest is \`${found.name}\`: ${heldBy(found)} ${figures(found)}`;
};

const share = ({held}: MeasuredRecord): number => held.count / held.of;

const heldBy = ({held}: MeasuredRecord): string => `${held.count} of ${held.of} seeds held it.`;

const figures = ({parameters, epochs, test}: MeasuredRecord): string =>
	`It has ${parameters.toLocaleString('en')} parameters, trains for ${epochs} epochs and gets ${percent(test.mean)} % of the test images right, ` +
	'averaged over its last five epochs.';
