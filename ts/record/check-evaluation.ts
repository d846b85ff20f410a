import {
	type RecordedAnswers,
	type RecordedEpoch,
	type RecordedEvaluation,
	readLabels,
	type StepRecord,
} from '../claims/step-record.js';
import {binOf, calibrationBins} from '../statistics/calibration.js';
import {leastLoss, rounding} from './least-loss.js';

/** Checks the classes, ranks and calibration of a seed's predictions against its labels, mistakes and last epoch. */
export const checkEvaluation = (
	{seed, labels: text, mistakes, evaluation}: RecordedAnswers,
	last: RecordedEpoch | undefined,
	{data, experiment: {net}}: StepRecord,
): string[] => {
	if (!evaluation) {
		return [];
	}

	const {expected, ranks, calibration} = evaluation;
	const labels = readLabels(text, data.classes.length);
	const images = Object.keys(mistakes);
	const other = [expected, ranks].some(list => Object.keys(list).join() !== images.join());
	const wrongClass = images.find(
		image => (expected[image] ?? 0) >= data.classes.length || expected[image] === labels[Number(image)],
	);
	const wrongRank = images.find(image => (ranks[image] ?? 0) < 2 || (ranks[image] ?? 0) > net.classes);
	const bounds = confidenceOfMistakes(mistakes);
	const total = (place: 0 | 1): number => calibration.reduce((sum, bin) => sum + bin[place], 0);
	const right = labels.length - images.length;
	const wrongBin = calibration.findIndex(([count, correct, confidence], bin) => {
		const {fewest, most, least, largest} = bounds[bin] ?? {fewest: 0, most: 0, least: 0, largest: 0};
		const [lower, upper] = [bin / calibrationBins, (bin + 1) / calibrationBins];
		const slack = 1e-9 * (count + 1);
		return (
			correct > count ||
			count - correct < fewest ||
			count - correct > most ||
			confidence < least + correct * lower - slack ||
			confidence > largest + correct * upper + slack ||
			confidence < count * lower - slack ||
			confidence > count * upper + slack
		);
	});
	const losses = images.map(image => leastLoss(mistakes[image] ?? 0, ranks[image]));
	const loss = losses.reduce((sum, loss) => sum + loss, leastLossOfRight(evaluation, mistakes)) / labels.length;
	return [
		...(other ? [`seed ${seed} should have the class and the rank of each of its ${images.length} mistakes`] : []),
		...(wrongClass === undefined
			? []
			: [`seed ${seed} can’t be wrong about image ${wrongClass} if it is of class ${expected[wrongClass]}`]),
		...(wrongRank === undefined
			? []
			: [
					`seed ${seed} ranks the class of image ${wrongRank} ${ranks[wrongRank]}, and a mistake has a rank from 2 to ${net.classes}`,
				]),
		...(calibration.length === calibrationBins && total(0) === labels.length && total(1) === right
			? []
			: [
					`the calibration of seed ${seed} should have ${calibrationBins} bins of ${labels.length} predictions, ${right} of them right`,
				]),
		...(wrongBin === -1 ? [] : [`bin ${wrongBin + 1} of the calibration of seed ${seed} does not fit its mistakes`]),
		...(last && last.testLoss < loss
			? [
					`seed ${seed} has a test loss of ${last.testLoss} in its last epoch, and its ranks and calibration make ${loss.toPrecision(4)}`,
				]
			: []),
	];
};

/** Checks the test images by class of each epoch against the epoch and, for the last one, against the predictions. */
export const checkClasses = (
	answers: RecordedAnswers,
	rows: readonly RecordedEpoch[],
	{data, experiment: {net}}: StepRecord,
): string[] => {
	const {seed} = answers;
	if (rows.every(({testByClass}) => !testByClass)) {
		return [];
	}

	if (!answers.evaluation) {
		return [`seed ${seed} has test images by class in its epochs, and its predictions have no classes`];
	}

	const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
	const impossible = rows.find(({testByClass, testCorrect, testTotal}) => {
		const {count, predicted, correct} = testByClass ?? {count: [], predicted: [], correct: []};
		return (
			[count, predicted, correct].some(({length}) => length !== net.classes) ||
			sum(count) !== testTotal ||
			sum(predicted) !== testTotal ||
			sum(correct) !== testCorrect ||
			correct.some((images, label) => images > Math.min(count[label] ?? 0, predicted[label] ?? 0))
		);
	});
	if (impossible) {
		return [
			`the test images by class of epoch ${impossible.epoch} of seed ${seed} do not fit its ${impossible.testCorrect} of ${impossible.testTotal} right`,
		];
	}

	const labels = readLabels(answers.labels, data.classes.length);
	const {predicted = [], correct = []} = rows.at(-1)?.testByClass ?? {};
	const differs = predicted.findIndex((images, label) => {
		const those = labels.flatMap((found, image) => (found === label ? [image] : []));
		const right = those.filter(image => !Object.hasOwn(answers.mistakes, image));
		return images !== those.length || correct[label] !== right.length;
	});
	return differs === -1
		? []
		: [`the last epoch of seed ${seed} has other predictions of class ${differs} than its labels`];
};

/** How far a probability may be from its rounded value: it is a float32 of at most 1. */
const singleRounding = 2 ** -25;

/** Returns the least loss of the images that are predicted correctly, by the mean of their probabilities in each bin. */
const leastLossOfRight = ({calibration}: RecordedEvaluation, mistakes: RecordedAnswers['mistakes']): number => {
	const wrong = confidenceOfMistakes(mistakes);
	const losses = calibration.map(([, correct, confidence], bin) => {
		const mean = Math.min(1, (confidence - (wrong[bin]?.least ?? 0)) / correct + singleRounding);
		return correct > 0 && mean > 0 ? -correct * Math.log(mean) * (1 - 1e-5) : 0;
	});
	return losses.reduce((sum, loss) => sum + loss, 0);
};

/**
 * Bounds the number and the sum of the probabilities of the mistakes in each bin of the calibration error. A probability
 * beside a border may have been on its other side before it was rounded.
 */
const confidenceOfMistakes = (mistakes: RecordedAnswers['mistakes']) => {
	const bins = Array.from({length: calibrationBins}, () => ({fewest: 0, most: 0, least: 0, largest: 0}));
	for (const probability of Object.values(mistakes)) {
		const possible = [binOf(probability - rounding), binOf(Math.min(1, probability + rounding))];
		for (const [index, bin] of bins.entries()) {
			const isCertain = possible.every(other => other === index);
			bin.fewest += isCertain ? 1 : 0;
			bin.least += isCertain ? probability - rounding : 0;
			bin.most += possible.includes(index) ? 1 : 0;
			bin.largest += possible.includes(index) ? probability + rounding : 0;
		}
	}

	return bins;
};
