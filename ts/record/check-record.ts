import {
	type RecordedAnswers,
	type RecordedEpoch,
	type RecordedSeed,
	readLabels,
	type StepRecord,
} from '../claims/step-record.js';
import {aimOf, type PartialGoal} from '../experiment/goal.js';
import {groupBy} from '../statistics/group-by.js';
import {checkClasses, checkEvaluation} from './check-evaluation.js';
import {checkHistory, historyOf} from './history.js';
import {leastLoss, rounding} from './least-loss.js';

/**
 * Checks the parts of a record against each other and against its preregistration. Needs no images.
 *
 * @returns a sentence for each contradiction
 */
export const checkRecord = (record: StepRecord): string[] => {
	const {preregistration, parameters, experiment, seeds, conditions} = record;
	const {target} = preregistration;
	const {maxParameters, maxEpochs, heldFor} = target;
	const rowsBySeed = groupBy(record.epochs, ({seed}) => seed);
	const rows = (seed: number): readonly RecordedEpoch[] => rowsBySeed.get(seed) ?? [];
	const numbers = seeds.map(({seed}) => seed);
	const twice = numbers.find((seed, index) => numbers.indexOf(seed) !== index);
	const unused = conditions.findIndex((_, index) => seeds.every(({condition}) => condition !== index));
	return [
		...checkAgainstPreregistration(record),
		...(parameters > maxParameters
			? [`it has ${parameters} parameters, and the preregistration allows ${maxParameters}`]
			: []),
		...(experiment.epochs > maxEpochs
			? [`it has ${experiment.epochs} epochs, and the preregistration allows ${maxEpochs}`]
			: []),
		...(heldFor > experiment.epochs
			? [`the target is to be held for ${heldFor} epochs, and there are ${experiment.epochs}`]
			: []),
		...(twice === undefined ? [] : [`seed ${twice} appears twice`]),
		...(unused === -1 ? [] : [`no seed ran under condition ${unused}`]),
		...checkOrder(record),
		...(needsClassCounts(target) && record.epochs.some(({testByClass}) => !testByClass)
			? ['the target is not on accuracy, and the test images by class are missing (classes.jsonl)']
			: []),
		...checkMetric(record),
		...seeds.flatMap(seed => checkSeed(seed, rows(seed.seed), record)),
		...record.epochs.flatMap(row => checkEpoch(row, record)),
		...record.answers.flatMap(answers => checkSeedAnswers(answers, rows(answers.seed).at(-1), record)),
		...record.answers.flatMap(answers => checkEvaluation(answers, rows(answers.seed).at(-1), record)),
		...record.answers.flatMap(answers => checkClasses(answers, rows(answers.seed), record)),
	];
};

/** Returns whether a target, or the goal of its ladder, needs the test images by class in each epoch. */
export const needsClassCounts = (...goals: readonly PartialGoal[]): boolean =>
	goals.some(({metric = 'accuracy'}) => metric !== 'accuracy');

/** Checks that the class of a recall is one of the data. */
const checkMetric = ({preregistration: {target, data}}: StepRecord): string[] => {
	const {metric} = aimOf(target);
	return typeof metric === 'string' || data.classes.includes(metric.recall)
		? []
		: [`the target is on the recall of ${metric.recall}, and the data have no such class`];
};

const checkAgainstPreregistration = ({
	preregistration: {made, data, experiment, seeds: preregistered},
}: StepRecord): string[] => {
	const {channels, size, classes} = experiment.net;
	const fits = data.channels === channels && data.size === size && data.classes.length <= classes;
	return [
		...(fits ? [] : ['the preregistered data do not fit the preregistered net']),
		...(made.by === 'record' && preregistered === null ? ['the preregistered seeds are missing'] : []),
		...(made.by === 'history' ? checkHistory(historyOf(made)) : []),
	];
};

/** Checks that there is a row for each epoch of each seed and a line of predictions for each seed, in order. */
const checkOrder = ({seeds, epochs: rows, answers, experiment: {epochs}}: StepRecord): string[] => {
	const wanted = seeds.flatMap(({seed}) =>
		Array.from({length: epochs}, (_, epoch) => `epoch ${epoch + 1} of seed ${seed}`),
	);
	const found = rows.map(({seed, epoch}) => `epoch ${epoch} of seed ${seed}`);
	const row = firstDifference(wanted, found);
	const numbers = seeds.map(({seed}) => `seed ${seed}`);
	const answered = answers.map(({seed}) => `seed ${seed}`);
	const line = firstDifference(numbers, answered);
	return [
		...(row === -1
			? []
			: [`row ${row + 1} of the epochs should be ${wanted[row] ?? 'the end'}, it is ${found[row] ?? 'missing'}`]),
		...(line === -1
			? []
			: [
					`line ${line + 1} of the predictions should be ${numbers[line] ?? 'the end'}, it is ${answered[line] ?? 'missing'}`,
				]),
	];
};

const firstDifference = (wanted: readonly string[], found: readonly string[]): number => {
	const length = Math.max(wanted.length, found.length);
	return Array.from({length}, (_, index) => index).findIndex(index => wanted[index] !== found[index]);
};

const checkSeed = (
	{seed, engine, device, threads, trainCleanCorrect, trainCleanTotal, seconds, begun, condition}: RecordedSeed,
	rows: readonly RecordedEpoch[],
	{conditions, preregistration: {made}}: StepRecord,
): string[] => {
	const ranUnder = conditions[condition];
	const counted = rows.reduce((sum, row) => sum + row.seconds, 0);
	const isByRecord = made.by === 'record';
	return [
		...(ranUnder
			? []
			: [
					`seed ${seed} names condition ${condition}, and there ${conditions.length === 1 ? 'is 1' : `are ${conditions.length}`}, numbered from 0`,
				]),
		...(engine === 'fused' && device !== 'cpu'
			? [`seed ${seed} ran on \`fused\` and \`${device}\`, where \`fused\` can’t run`]
			: []),
		...(ranUnder && engine === 'aten' && ranUnder.versions.libtorch === undefined
			? [`seed ${seed} ran on \`aten\`, and its condition names no libtorch`]
			: []),
		...(ranUnder && device === 'cuda' && !ranUnder.machine.cuda
			? [`seed ${seed} ran on \`cuda\`, which its machine does not have`]
			: []),
		...(threads > 1024 ? [`seed ${seed} ran on ${threads} threads, where 1024 are the most`] : []),
		...(trainCleanCorrect > trainCleanTotal
			? [`seed ${seed} has ${trainCleanCorrect} of ${trainCleanTotal} training images right`]
			: []),
		...(seconds < counted * (1 - 1e-9)
			? [`seed ${seed} took ${seconds} seconds, and its epochs alone ${counted}`]
			: []),
		...(ranUnder && (begun === null) !== (ranUnder.addon === null)
			? [`seed ${seed} should have both a time when it began and the hashes of its addon, or neither`]
			: []),
		...(isByRecord && begun === null ? [`the time at which the run of seed ${seed} began is missing`] : []),
		...(isByRecord && ranUnder?.addon === null
			? [`the hashes of the addon that trained seed ${seed} are missing`]
			: []),
		...(isByRecord && begun !== null && Date.parse(begun) < Date.parse(made.time)
			? [`the run of seed ${seed} began at ${begun}, before its preregistration of ${made.time}`]
			: []),
	];
};

/** Returns the least mean loss of so many mistakes: the right class of a mistake has at most half, so its loss is ln 2 or more. */
const leastLossOf = (wrong: number, total: number): number => (wrong * Math.LN2 * (1 - 1e-5)) / total;

const checkEpoch = (row: RecordedEpoch, {experiment: {labelSmoothing, loss}}: StepRecord): string[] => {
	const isPlain = labelSmoothing === 0 && loss?.classWeights === undefined && loss?.teacher === undefined;
	const of = `epoch ${row.epoch} of seed ${row.seed}`;
	const check = (kind: string, mean: number, correct: number, total: number, isCrossEntropy: boolean): string[] => {
		const floor = isCrossEntropy ? leastLossOf(total - correct, total) : 0;
		return correct > total
			? [`${of} has ${correct} of ${total} ${kind} images right`]
			: mean < floor
				? [
						`${of} has a ${kind} loss of ${mean}, and its ${total - correct} mistakes alone make ${floor.toPrecision(4)}`,
					]
				: [];
	};

	return [
		...check('training', row.trainLoss, row.trainCorrect, row.trainTotal, isPlain),
		...check('test', row.testLoss, row.testCorrect, row.testTotal, true),
	];
};

const checkSeedAnswers = (
	{seed, labels: text, mistakes}: RecordedAnswers,
	last: RecordedEpoch | undefined,
	{data, experiment: {net}}: StepRecord,
): string[] => {
	const labels = readLabels(text, data.classes.length);
	const images = Object.keys(mistakes);
	const digits = String(data.classes.length - 1).length;
	const unknown = labels.findIndex(label => label >= net.classes);
	const outside = images.find(
		image => !(Number.isSafeInteger(Number(image)) && Number(image) >= 0 && Number(image) < data.test),
	);
	const unlikely = images.find(image => (mistakes[image] ?? 0) < 1 / net.classes - rounding);
	const wrong = last && last.testTotal - last.testCorrect;
	const loss = Object.values(mistakes).reduce((sum, probability) => sum + leastLoss(probability), 0) / data.test;
	return [
		...(text.length === digits * data.test
			? []
			: [`seed ${seed} has predictions of ${text.length / digits} images, there are ${data.test}`]),
		...(unknown === -1
			? []
			: [`seed ${seed} predicts class ${labels[unknown]} for image ${unknown}, and there is no such class`]),
		...(outside === undefined
			? []
			: [`seed ${seed} has a mistake in image ${JSON.stringify(outside)}, and there is no such image`]),
		...(wrong === undefined || wrong === images.length
			? []
			: [`seed ${seed} has ${images.length} mistakes, and ${wrong} by its last epoch`]),
		...(unlikely === undefined
			? []
			: [
					`seed ${seed} gives the likeliest class of image ${unlikely} a probability of ${mistakes[unlikely]}: one of ${net.classes} classes has more`,
				]),
		...(last && last.testLoss < loss
			? [
					`seed ${seed} has a test loss of ${last.testLoss} in its last epoch, and its mistakes alone make ${loss.toPrecision(4)}`,
				]
			: []),
	];
};
