import {percent} from '../format/figures.js';
import {plain, type Screen} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import type {SeedResult, TrainResult} from '../runs/events.js';

/** What a step came to, with the accuracies that it rests on. */
export const verdict = ({seeds, held, target}: TrainResult, screen: Screen = plain): string => {
	const {testAccuracy, heldFor} = target;
	const epochs = heldFor === 1 ? 'the last epoch' : `each of the last ${heldFor} epochs`;
	const ink = held.count === held.of ? screen.held : screen.missed;
	return [
		...seeds.map(seed => wrap(seedLine(seed, heldFor), screen.width, '  ')),
		ink(
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
	const said = held ? 'held' : lastEpochs.length < heldFor ? `not held: ${heldFor} epochs are needed` : 'not held';
	const aside = lastHoldout ? `; kept aside: ${lastHoldout.map(accuracy => percent(accuracy)).join(', ')}` : '';
	return `Seed ${seed}, last ${lastEpochs.length === 1 ? 'epoch' : `${lastEpochs.length} epochs`}: ${accuracies} (${said})${aside}`;
};
