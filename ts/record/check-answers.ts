import {readLabels, type StepRecord} from '../claims/step-record.js';
import type {Data} from '../data/data.js';

/**
 * Holds predictions against the test labels: what they are wrong about, and how much that leaves right.
 *
 * @returns a sentence for each seed whose predictions make something else than is told of them
 */
export const checkAnswers = ({answers, epochs}: Pick<StepRecord, 'answers' | 'epochs'>, data: Data): string[] => {
	const expected = data.testLabels();
	return answers.flatMap(({seed, labels: text, mistakes}) => {
		const labels = readLabels(text, data.classes.length);
		const wrong = labels.flatMap((label, image) => (label === expected[image] ? [] : [String(image)]));
		const correct = labels.length - wrong.length;
		const last = epochs.findLast(row => row.seed === seed);
		const told = Object.keys(mistakes);
		const differing = [...new Set([...wrong, ...told])].find(image => wrong.includes(image) !== told.includes(image));
		return [
			...(correct === last?.testCorrect
				? []
				: [
						`the predictions of seed ${seed} get ${correct} of ${labels.length} right, ` +
							`its last epoch tells of ${last?.testCorrect} of ${last?.testTotal}`,
					]),
			...(differing === undefined
				? []
				: [
						`seed ${seed} is ${wrong.includes(differing) ? 'wrong' : 'right'} about image ${differing} by its labels, ` +
							'and its mistakes say otherwise',
					]),
		];
	});
};
