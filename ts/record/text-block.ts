import type {Measured} from '../claims/measured.js';
import type {MeasuredRecord} from '../claims/measured-record.js';
import type {StepRecord} from '../claims/step-record.js';
import {findingSentences} from '../data/findings.js';
import {LadderError} from '../errors/index.js';
import {aimOf, type Goal, ofMetric} from '../experiment/goal.js';
import type {Metric} from '../experiment/metric.js';
import {displayPath} from '../format/command-line.js';
import {escapeControls} from '../format/controls.js';
import {percent, roundInterval} from '../format/figures.js';
import {listSeeds} from '../format/seeds.js';
import {formatValue} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {predictionsSentence} from './class-table.js';
import {constantSentences} from './constant-sentences.js';
import {goalPhrase} from './goal-sentence.js';
import type {LadderRecords} from './ladder-records.js';
import {preregistrationSentence} from './preregistration-sentence.js';
import {callStepFunction} from './step-function.js';
import {testImagesSentence} from './test-images.js';
import {timestampSentence} from './timestamp.js';

/** The parts of a step's text, without line breaks. */
export type StepText = {
	readonly target: string;
	readonly why: string;
	/** What is wrong in the reason, as became known later; `undefined` for most steps. */
	readonly correction?: string | undefined;
	/** When target and reason were preregistered. */
	readonly preregistered: string;
	readonly result: readonly string[];
	readonly analysis: readonly string[];
};

/** Returns a step's text, with its figures filled in from the records. */
export const stepText = (entry: StepEntry, records: LadderRecords): StepText => {
	const self = records.of(entry);
	const {preregistration} = self.record;
	const ledger = self.record.ledger === undefined ? [] : records.ledger();
	return {
		target: targetSentence(preregistration.target),
		why: preregistration.why,
		correction: correctionOf(entry, records),
		preregistered: `${preregistrationSentence(self.record, ledger)}${timestampSentence(entry.record, self.record)}`,
		result: resultSentences(self),
		analysis: records.claims(entry).map(({text}) => text()),
	};
};

/** Returns the correction of a step's reason, with its figures filled in. */
const correctionOf = (entry: StepEntry, records: LadderRecords): string | undefined => {
	const {correction} = entry.step.target;
	if (typeof correction !== 'function') {
		return correction;
	}

	const text: unknown = callStepFunction(entry, '`target.correction`', () =>
		records.evaluate(entry, evidence => correction(evidence)),
	);
	if (typeof text !== 'string') {
		const problem = `${displayPath(entry.file)}: \`target.correction\` should give a text, it gave ${formatValue(text)}`;
		throw new LadderError(problem, entry.file);
	}

	return text;
};

/** `At least 99.40 % of ...` */
const targetSentence = (goal: Goal): string => {
	const words = goalPhrase(goal);
	return `${words[0]?.toUpperCase()}${words.slice(1)}.`;
};

const resultSentences = (self: MeasuredRecord): string[] => {
	const {parameters, epochs, seeds, held, trivial, test, lowest, train, trainClean, record} = self;
	const engines = [...new Set(record.seeds.map(({engine}) => engine))].join(' and ');
	const {target} = record.preregistration;
	const {metric} = aimOf(target);
	const reached = held.count < held.of ? 'Missed: held' : trivial ? 'Trivial: reached' : 'Held';
	return [
		`${reached} by ${held.count} of ${held.of} ${held.of === 1 ? 'seed' : 'seeds'} (${listSeeds(seeds)}), with ` +
			`${parameters.toLocaleString('en')} parameters and ${epochs} epochs, on the \`${engines}\` engine.`,
		`Test accuracy over the last five epochs: ${meanOf(test)}; lowest in any of them ${percent(Math.min(...lowest.values))} %.`,
		`Training accuracy in the last epoch: ${meanOf(train)} while learning${noise(self)}, ` +
			`${meanOf(trainClean)} in evaluation mode.`,
		...(held.count === held.of ? [] : [`The lowest of the epochs that count: ${lowestOf(self, metric)}.`]),
		...predictionSentences(self),
		...constantSentences({...self, seeds: self.missed}, metric),
		...seenBefore(record),
		...testImagesSentence(record.preregistration),
	];
};

/** Reports test images that were trained on, or chosen by: results on them are no evidence. */
const seenBefore = ({data: {findings: {testInTrain, testInValidation} = {}}, ledger}: StepRecord): string[] => [
	...findingSentences({testInTrain, testInValidation}).map(sentence => `${sentence}.`),
	...(ledger !== undefined && testInTrain === undefined ? ['No test image is in the training set.'] : []),
];

/** Names the reasons why accuracy while learning is lower than in evaluation. */
const noise = ({record: {experiment}}: MeasuredRecord): string => {
	const kinds = [
		...(experiment.augmentation ? ['augmentation'] : []),
		...(experiment.net.block.dropout > 0 ? ['dropout'] : []),
	];
	return kinds.length > 0 ? ` (with ${kinds.join(' and ')})` : '';
};

/** Formats the mean accuracy over seeds, rounded down as all accuracies are. */
const meanOf = (measured: Measured): string => {
	if (measured.values.length === 1) {
		return `${percent(measured.mean)} %`;
	}

	const {mean, low, high} = roundInterval(measured, value => Math.floor(value + 1e-9));
	const bound = Number(high) > 100 ? '100.00' : high; // Student's t has no upper bound
	return `${mean} % (deviation ${(100 * measured.deviation).toFixed(2)}, 95 % interval ${low} to ${bound})`;
};

const lowestOf = ({missed}: MeasuredRecord, metric: Metric): string =>
	missed.map(({seed, lowest}) => `${ofMetric(percent(lowest), metric)} with seed ${seed}`).join(', ');

/** Summarizes the predictions of the last epoch; empty for records that are older than their measures. */
const predictionSentences = (self: MeasuredRecord): string[] => {
	const sentence = predictionsSentence(self);
	const [worst] = (self.perClass ?? [])
		.filter(({count}) => count > 0)
		.toSorted((a, b) => a.recall.mean - b.recall.mean);
	return sentence === '' || !worst
		? []
		: [
				sentence,
				`Lowest recall: ${worst.class}, ${percent(worst.recall.mean)} %, with a precision of ${percent(worst.precision.mean)} %.`,
			];
};

/** Formats the text as a comment for the head of the step's file. */
export const textBlock = ({target, why, correction, preregistered, result, analysis}: StepText): string =>
	[
		'/*',
		...paragraph('Target: ', target),
		...paragraph('  Why: ', why),
		...(correction === undefined ? [] : paragraph('  Correction: ', correction)),
		...paragraph('  Promised: ', preregistered),
		'',
		...paragraph('Result: ', result.join(' ')),
		'',
		'Analysis:',
		...(analysis.length > 0 ? analysis.flatMap(sentence => paragraph('- ', sentence)) : ['- none yet']),
		'*/',
		'',
	].join('\n');

const width = 116;

/** Wraps a text into lines, the first after `head`, the others indented by two. */
const paragraph = (head: string, text: string): string[] => {
	const lines = [head];
	// `*/` would end the comment
	for (const word of escapeControls(text.replaceAll('*/', '* /')).split(/\s+/)) {
		const line = lines.at(-1) ?? '';
		const joined = line.endsWith(' ') ? line + word : `${line} ${word}`;
		if (joined.length > width && line.trim() !== '') {
			lines.push(`  ${word}`);
		} else {
			lines[lines.length - 1] = joined;
		}
	}

	return lines;
};
