import {mnistLabels} from '../data/mnist.js';
import type {Recorded} from '../record/recorded.js';

/** A test image that at least one seed gets wrong. */
export type Mistake = {
	/** Its place among the test images. */
	readonly image: number;
	readonly label: number;
	/** What the seeds that got it wrong took it for, the most frequent first. */
	readonly taken: ReadonlyArray<{readonly label: number; readonly seeds: number; readonly probability: number}>;
	/** Seeds that got it wrong. */
	readonly seeds: number;
};

/** All images that some seed gets wrong, those that most seeds do first. */
export const mistakesOf = ({record}: Recorded): Mistake[] => {
	const expected = mnistLabels();
	const wrong = new Map<number, Map<number, number[]>>();
	for (const {labels, mistakes} of record.answers) {
		for (const [image, probability] of Object.entries(mistakes)) {
			const taken = wrong.get(Number(image)) ?? new Map<number, number[]>();
			const label = Number(labels[Number(image)]);
			wrong.set(Number(image), taken.set(label, [...(taken.get(label) ?? []), probability]));
		}
	}

	const found = [...wrong].map(([image, taken]) => {
		const labels = [...taken].map(([label, probabilities]) => ({
			...{label, seeds: probabilities.length, probability: Math.max(...probabilities)},
		}));
		labels.sort((a, b) => b.seeds - a.seeds || a.label - b.label);
		const seeds = labels.reduce((sum, {seeds}) => sum + seeds, 0);
		return {image, label: expected[image] ?? 0, taken: labels, seeds};
	});
	return found.toSorted((a, b) => b.seeds - a.seeds || a.image - b.image);
};

/** How often each digit (row) was taken for each (column), in the mean over seeds. */
export const confusion = ({record}: Recorded): number[][] => {
	const counts = Array.from({length: 10}, () => Array.from({length: 10}, () => 0));
	const expected = mnistLabels();
	for (const {labels} of record.answers) {
		for (const [image, label] of expected.entries()) {
			const row = counts[label];
			const taken = Number(labels[image]);
			if (row) {
				row[taken] = (row[taken] ?? 0) + 1 / record.answers.length;
			}
		}
	}

	return counts;
};
