import {readLabels, type StepRecord} from '../claims/step-record.js';
import type {Data} from '../data/data.js';

/**
 * Checks predictions against the test labels: which are mistakes, and how many are right.
 *
 * @returns a sentence for each seed whose recorded mistakes or count differ
 */
export const checkAnswers = ({answers, epochs}: Pick<StepRecord, 'answers' | 'epochs'>, data: Data): string[] => {
	const expected = data.testLabels();
	const lastRows = new Map(epochs.map(row => [row.seed, row])); // the last one of each seed
	return answers.flatMap(({seed, labels: text, mistakes, evaluation}) => {
		const labels = readLabels(text, data.classes.length);
		const wrong = new Set(labels.flatMap((label, image) => (label === expected[image] ? [] : [String(image)])));
		const correct = labels.length - wrong.size;
		const last = lastRows.get(seed);
		const recorded = new Set(Object.keys(mistakes));
		const differing = [...wrong, ...recorded].find(image => wrong.has(image) !== recorded.has(image));
		const otherClass = [...recorded].find(
			image => evaluation && evaluation.expected[image] !== expected[Number(image)],
		);
		return [
			...(correct === last?.testCorrect
				? []
				: [
						`the predictions of seed ${seed} get ${correct} of ${labels.length} right, ` +
							`its last epoch has ${last?.testCorrect} of ${last?.testTotal}`,
					]),
			...(differing === undefined
				? []
				: [
						`seed ${seed} is ${wrong.has(differing) ? 'wrong' : 'right'} about image ${differing} by its labels, ` +
							'and its recorded mistakes differ',
					]),
			...(otherClass === undefined
				? []
				: [
						`image ${otherClass} is of class ${evaluation?.expected[otherClass]} by the record of seed ${seed}, ` +
							`and of class ${expected[Number(otherClass)]} by the test labels`,
					]),
		];
	});
};
