import type {SeedResult, TrainResult} from '../terms/events.js';
import {percent} from '../text/percent.js';

/** What a step came to, with the accuracies that it rests on. */
export const verdict = ({seeds, held, target}: TrainResult): string => {
	const {testAccuracy, heldFor} = target;
	const epochs = heldFor === 1 ? 'the last epoch' : `each of the last ${heldFor} epochs`;
	const count = `${held.count} of ${held.of} ${held.of === 1 ? 'seed' : 'seeds'}`;
	return [
		...seeds.map(seed => seedLine(seed, heldFor)),
		`Verdict: >= ${percent(testAccuracy)} % in ${epochs} was held by ${count}.`,
	].join('\n');
};

const seedLine = ({seed, lastEpochs, lastHoldout, held}: SeedResult, heldFor: number): string => {
	const accuracies = lastEpochs.map(accuracy => percent(accuracy)).join(', ');
	const said = held ? 'held' : lastEpochs.length < heldFor ? `not held: ${heldFor} epochs are needed` : 'not held';
	const aside = lastHoldout ? `; kept aside: ${lastHoldout.map(accuracy => percent(accuracy)).join(', ')}` : '';
	return `Seed ${seed}, last ${lastEpochs.length === 1 ? 'epoch' : `${lastEpochs.length} epochs`}: ${accuracies} (${said})${aside}`;
};
