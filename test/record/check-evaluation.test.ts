import test from 'ava';
import {checkEvaluation} from '../../ts/record/check-evaluation.js';

/** Checks a seed whose answers are all right, each with the same probability. */
const checked = (probability: number, testLoss: number): string[] => {
	const images = 500;
	const bins = Array.from({length: 15}, () => [0, 0, 0] as const);
	const calibration = [...bins.slice(1), [images, images, images * Math.fround(probability)] as const];
	const answers = {
		seed: 1,
		labels: '0'.repeat(images),
		mistakes: {},
		evaluation: {expected: {}, ranks: {}, calibration},
	};
	const record = {data: {classes: ['a', 'b']}, experiment: {net: {classes: 2}}};
	return checkEvaluation(answers, {testLoss} as never, record as never);
};

test('a loss near zero is compared with probabilities that were rounded to single precision', t => {
	t.true(Math.fround(1 - 2 ** -24 * 0.6) === 1 - 2 ** -24, 'single precision has steps of 2 ** -24 below 1');
	for (const share of [0.1, 0.4, 0.51, 0.9, 1.4, 1.51, 7.3]) {
		const probability = 1 - share * 2 ** -24;
		t.deepEqual(checked(probability, -Math.log(probability)), [], `${share} steps below 1`);
	}

	t.regex(
		checked(0.95, 0.05)[0] ?? '',
		/a test loss of 0\.05 in its last epoch, and its ranks and calibration make 0\.05129/,
	);
	t.regex(checked(1 - 1e-4, 0.9e-4)[0] ?? '', /its ranks and calibration make/, 'a tenth less than it can be');
});
