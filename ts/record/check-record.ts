import {
	type RecordedAnswers,
	type RecordedEpoch,
	type RecordedSeed,
	readLabels,
	type StepRecord,
} from '../claims/step-record.js';
import {checkHistory, historyOf} from './history.js';

/**
 * Holds the parts of a record against each other and against its promise: by all that can be said without the images.
 *
 * @returns a sentence for each thing that can't be
 */
export const checkRecord = (record: StepRecord): string[] => {
	const {promise, parameters, experiment, seeds, conditions} = record;
	const {maxParameters, maxEpochs, heldFor} = promise.target;
	const rows = (seed: number): RecordedEpoch[] => record.epochs.filter(row => row.seed === seed);
	const numbers = seeds.map(({seed}) => seed);
	const twice = numbers.find((seed, index) => numbers.indexOf(seed) !== index);
	const unused = conditions.findIndex((_, index) => seeds.every(({condition}) => condition !== index));
	return [
		...judgePromise(record),
		...(parameters > maxParameters
			? [`it has ${parameters} parameters, and at most ${maxParameters} were promised`]
			: []),
		...(experiment.epochs > maxEpochs
			? [`it has ${experiment.epochs} epochs, and at most ${maxEpochs} were promised`]
			: []),
		...(heldFor > experiment.epochs
			? [`a target held for ${heldFor} epochs was promised, and there are ${experiment.epochs}`]
			: []),
		...(twice === undefined ? [] : [`seed ${twice} is there twice`]),
		...(unused === -1 ? [] : [`no seed ran under condition ${unused}`]),
		...judgeOrder(record),
		...seeds.flatMap(seed => judgeSeed(seed, rows(seed.seed), record)),
		...record.epochs.flatMap(row => judgeEpoch(row, record)),
		...record.answers.flatMap(answers => judgeAnswers(answers, rows(answers.seed).at(-1), record)),
	];
};

const judgePromise = ({promise: {made, data, experiment, seeds: promised}}: StepRecord): string[] => {
	const {channels, size, classes} = experiment.net;
	const fits = data.channels === channels && data.size === size && data.classes.length <= classes;
	return [
		...(fits ? [] : [`the data that were promised do not fit the net that was promised`]),
		...(made.by === 'record' && promised === null ? ['the seeds that were promised are not there'] : []),
		...(made.by === 'history' ? checkHistory(historyOf(made)) : []),
	];
};

/** Whether there is a row for each epoch of each seed and a line of predictions for each seed, in order. */
const judgeOrder = ({seeds, epochs: rows, answers, experiment: {epochs}}: StepRecord): string[] => {
	const wanted = seeds.flatMap(({seed}) =>
		Array.from({length: epochs}, (_, epoch) => `epoch ${epoch + 1} of seed ${seed}`),
	);
	const found = rows.map(({seed, epoch}) => `epoch ${epoch} of seed ${seed}`);
	const row = Math.max(wanted.length, found.length) > 0 ? firstDifference(wanted, found) : -1;
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

const judgeSeed = (
	{seed, engine, device, threads, trainCleanCorrect, trainCleanTotal, seconds, begun, condition}: RecordedSeed,
	rows: readonly RecordedEpoch[],
	{conditions, promise: {made}}: StepRecord,
): string[] => {
	const ran = conditions[condition];
	const counted = rows.reduce((sum, row) => sum + row.seconds, 0);
	const ofRecord = made.by === 'record';
	return [
		...(ran
			? []
			: [
					`seed ${seed} names condition ${condition}, and there ${conditions.length === 1 ? 'is 1' : `are ${conditions.length}`}, numbered from 0`,
				]),
		...(engine === 'fused' && device !== 'cpu'
			? [`seed ${seed} ran on \`fused\` and \`${device}\`, where \`fused\` can’t run`]
			: []),
		...(ran && engine === 'aten' && ran.versions.libtorch === undefined
			? [`seed ${seed} ran on \`aten\`, and its condition names no libtorch`]
			: []),
		...(ran && device === 'cuda' && !ran.machine.cuda
			? [`seed ${seed} ran on \`cuda\`, which its machine has not`]
			: []),
		...(threads > 1024 ? [`seed ${seed} ran on ${threads} threads, where 1024 are the most`] : []),
		...(trainCleanCorrect > trainCleanTotal
			? [`seed ${seed} knows ${trainCleanCorrect} of ${trainCleanTotal} training images`]
			: []),
		...(seconds < counted * (1 - 1e-9)
			? [`seed ${seed} took ${seconds} seconds, and its epochs alone ${counted}`]
			: []),
		...(ran && (begun === null) !== (ran.addon === null)
			? [`seed ${seed} should have both a time when it began and the hashes of its addon, or none of them`]
			: []),
		...(ofRecord && begun === null ? [`when the run of seed ${seed} began is not there`] : []),
		...(ofRecord && ran?.addon === null ? [`which addon trained seed ${seed} is not there`] : []),
		...(ofRecord && begun !== null && Date.parse(begun) < Date.parse(made.time)
			? [`the run of seed ${seed} began at ${begun}, before its promise of ${made.time}`]
			: []),
	];
};

/** A wrong answer has a likelier class than the right one, which so has at most half: its loss is ln 2 or more. */
const least = (wrong: number, total: number): number => (wrong * Math.LN2 * (1 - 1e-5)) / total;

const judgeEpoch = (row: RecordedEpoch, {experiment: {labelSmoothing}}: StepRecord): string[] => {
	const of = `epoch ${row.epoch} of seed ${row.seed}`;
	const judge = (kind: string, loss: number, correct: number, total: number, smoothed: boolean): string[] => {
		const floor = smoothed ? 0 : least(total - correct, total);
		return correct > total
			? [`${of} has ${correct} of ${total} ${kind} images right`]
			: loss < floor
				? [
						`${of} has a ${kind} loss of ${loss}, and ${total - correct} wrong answers alone make ${floor.toPrecision(4)}`,
					]
				: [];
	};

	return [
		...judge('training', row.trainLoss, row.trainCorrect, row.trainTotal, labelSmoothing > 0),
		...judge('test', row.testLoss, row.testCorrect, row.testTotal, false),
	];
};

const judgeAnswers = (
	{seed, labels: text, mistakes}: RecordedAnswers,
	last: RecordedEpoch | undefined,
	{data, experiment: {net}}: StepRecord,
): string[] => {
	const labels = readLabels(text, data.classes.length);
	const images = Object.keys(mistakes);
	const digits = String(data.classes.length - 1).length;
	const strange = labels.findIndex(label => label >= net.classes);
	const nowhere = images.find(
		image => !(Number.isSafeInteger(Number(image)) && Number(image) >= 0 && Number(image) < data.test),
	);
	const unlikely = images.find(image => (mistakes[image] ?? 0) < 1 / net.classes - rounding);
	const wrong = last && last.testTotal - last.testCorrect;
	const loss = Object.values(mistakes).reduce((sum, probability) => sum + leastLoss(probability), 0) / data.test;
	return [
		...(text.length === digits * data.test
			? []
			: [`seed ${seed} has predictions of ${text.length / digits} images, there are ${data.test}`]),
		...(strange === -1 ? [] : [`seed ${seed} takes image ${strange} for class ${labels[strange]}, which is none`]),
		...(nowhere === undefined ? [] : [`seed ${seed} is wrong about image ${JSON.stringify(nowhere)}, which is none`]),
		...(wrong === undefined || wrong === images.length
			? []
			: [`seed ${seed} is wrong about ${images.length} images, and about ${wrong} by its last epoch`]),
		...(unlikely === undefined
			? []
			: [
					`seed ${seed} gives its likeliest class of image ${unlikely} a probability of ${mistakes[unlikely]}: of ${net.classes} classes one has more`,
				]),
		...(last && last.testLoss < loss
			? [
					`seed ${seed} has a test loss of ${last.testLoss} in its last epoch, and its mistakes alone make ${loss.toPrecision(4)}`,
				]
			: []),
	];
};

/** Probabilities are kept to four digits. */
const rounding = 0.000_05;

/** The right class has at most what the one taken has, and at most what that leaves. */
const leastLoss = (taken: number): number =>
	-Math.log(Math.min(1, taken + rounding, 1 - taken + rounding)) * (1 - 1e-5);
