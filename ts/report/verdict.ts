import {percent} from '../format/figures.js';
import {plain, type Screen} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import type {SeedResult, TrainResult} from '../runs/events.js';

/** Formats the result of training: the last accuracies of each seed, and how many seeds held the target. */
export const verdict = ({seeds, held, target}: TrainResult, screen: Screen = plain): string => {
	const {testAccuracy, heldFor} = target;
	const epochs = heldFor === 1 ? 'the last epoch' : `each of the last ${heldFor} epochs`;
	const colour = held.count === held.of ? screen.held : screen.missed;
	return [
		...seeds.map(seed => wrap(seedLine(seed, heldFor), screen.width, '  ')),
		colour(
			wrap(
				`Verdict: ${held.count} of ${held.of} seeds held >= ${percent(testAccuracy)} % in ${epochs}.`,
				screen.width,
				'  ',
			),
		),
	].join('\n');
};

const seedLine = ({seed, lastEpochs, lastHoldout, held}: SeedResult, heldFor: number): string => {
	const accuracies = lastEpochs.map(accuracy => percent(accuracy)).join(', ');
	const outcome = held ? 'held' : lastEpochs.length < heldFor ? `not held: ${heldFor} epochs are needed` : 'not held';
	const validation = lastHoldout ? `; validation: ${lastHoldout.map(accuracy => percent(accuracy)).join(', ')}` : '';
	return `Seed ${seed}, last ${lastEpochs.length === 1 ? 'epoch' : `${lastEpochs.length} epochs`}: ${accuracies} (${outcome})${validation}`;
};
