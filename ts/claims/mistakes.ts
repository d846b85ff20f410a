import {checkMeasuredRecord, type MeasuredRecord} from './measured-record.js';
import {readLabels} from './step-record.js';

/** A test image that at least one seed gets wrong. */
export type Mistake = {
	/** Index among the test images. */
	readonly image: number;
	/** Predicted labels of the seeds that got it wrong, the most frequent first, with the highest probability of each. */
	readonly taken: ReadonlyArray<{readonly label: number; readonly seeds: number; readonly probability: number}>;
	/** Number of seeds that got it wrong. */
	readonly seeds: number;
};

/** Returns the test images that at least one seed gets wrong, those that most seeds get wrong first. */
export const mistakesOf = (recorded: MeasuredRecord): Mistake[] => {
	checkMeasuredRecord(recorded);
	const {record} = recorded;
	const wrong = new Map<number, Map<number, number[]>>();
	for (const {labels: text, mistakes} of record.answers) {
		const labels = readLabels(text, record.data.classes.length);
		for (const [image, probability] of Object.entries(mistakes)) {
			const taken = wrong.get(Number(image)) ?? new Map<number, number[]>();
			const label = labels[Number(image)] ?? 0;
			wrong.set(Number(image), taken.set(label, [...(taken.get(label) ?? []), probability]));
		}
	}

	const found = [...wrong].map(([image, taken]) => {
		const labels = [...taken].map(([label, probabilities]) => ({
			...{label, seeds: probabilities.length, probability: Math.max(...probabilities)},
		}));
		labels.sort((a, b) => b.seeds - a.seeds || a.label - b.label);
		const seeds = labels.reduce((sum, {seeds}) => sum + seeds, 0);
		return {image, taken: labels, seeds};
	});
	return found.toSorted((a, b) => b.seeds - a.seeds || a.image - b.image);
};
