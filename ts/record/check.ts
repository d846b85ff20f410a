import {existsSync, readFileSync} from 'node:fs';
import type {Data} from '../data/data.js';
import {describe} from '../data/data.js';
import {RecordError, StepladderError} from '../errors/index.js';
import type {Place} from '../ladder/open-ladder.js';
import {differences} from '../terms/difference.js';
import {readLabels, type StepRecord} from '../terms/record.js';
import {summarize} from '../terms/summarize.js';
import {setting} from '../text/setting.js';
import {shown} from '../text/shown.js';
import {typed} from '../text/typed.js';
import type {LadderRecords} from './ladder-records.js';
import {readBlock, stepText, textBlock} from './text-block.js';

/**
 * Holds a step against its record, and its text block against both.
 *
 * @returns a sentence for each thing that is not true, naming its place
 */
export const checkStep = (place: Place, records: LadderRecords, data: Data): string[] =>
	telling(() => {
		const {record} = records.of(place);
		const problems = [
			...checkRecord(place, record, data),
			...checkAnswers(place, record, data),
			...checkClaims(place, records),
		];
		return [...problems, ...checkBlock(place, records)];
	});

/** Whether the record is of the step as it is defined now, and whole. */
const checkRecord = (stands: Place, record: StepRecord, data: Data): string[] => {
	const {step} = stands;
	const place = shown(stands.record);
	const problems = differences(record.experiment, step.experiment).map(
		({path, before, after}) =>
			`${place} is stale: \`${path}\` is ${setting(after)} in the step, ${setting(before)} in the record; ` +
			`try: ${typed('record', `--step ${step.name}`)}`,
	);
	problems.push(
		...differences(record.data, describe(data)).map(
			({path, before, after}) =>
				`${place} is of other data: \`${path}\` is ${setting(after)} in the ladder, ${setting(before)} in the record; ` +
				`try: ${typed('record', `--step ${step.name}`)}`,
		),
	);
	const {parameters} = summarize(step.experiment.net);
	if (record.step !== step.name || record.parameters !== parameters) {
		problems.push(`${place} is of \`${record.step}\` with ${record.parameters} parameters, not of this step`);
	}

	const {epochs} = record.experiment;
	for (const {seed} of record.seeds) {
		const rows = record.epochs.filter(row => row.seed === seed).map(({epoch}) => epoch);
		if (rows.length !== epochs || rows.some((epoch, index) => epoch !== index + 1)) {
			problems.push(`${place}: seed ${seed} should have epochs 1 to ${epochs}, it has ${rows.join(', ')}`);
		}
	}

	return problems;
};

/** Whether the predictions make the accuracies that the last epochs tell, and name the mistakes that they make. */
const checkAnswers = (place: Place, record: StepRecord, data: Data): string[] => {
	const expected = data.testLabels();
	return record.seeds.flatMap(({seed}) => {
		const answers = record.answers.find(answers => answers.seed === seed);
		const labels = readLabels(answers?.labels ?? '', data.classes.length);
		const wrong = labels.flatMap((label, image) => (label === expected[image] ? [] : [String(image)]));
		const correct = labels.length - wrong.length;
		const last = record.epochs.findLast(row => row.seed === seed);
		const told = Object.keys(answers?.mistakes ?? {}).join(' ') === wrong.join(' ');
		return labels.length === expected.length && correct === last?.testCorrect && told
			? []
			: [
					`${shown(place.record)}: the predictions of seed ${seed} get ${correct} of ${labels.length} right, ` +
						`its last epoch tells of ${last?.testCorrect} of ${last?.testTotal}`,
				];
	});
};

const checkClaims = (place: Place, records: LadderRecords): string[] => {
	const evidence = records.evidence(place);
	return place.step.analysis.flatMap(({say, holds}, index) =>
		telling(() =>
			holds(evidence)
				? []
				: [`${shown(place.file)}: claim ${index + 1} does not hold by the records: “${say(evidence)}”`],
		),
	);
};

const checkBlock = (place: Place, records: LadderRecords): string[] => {
	const {file} = place;
	const found = (readBlock(file) ?? '').split('\n');
	const wanted = textBlock(stepText(place.step, records.evidence(place))).split('\n');
	const line = wanted.findIndex((text, index) => text !== found[index]);
	return line === -1
		? []
		: [
				`${shown(file)}, line ${line + 1}: the text block says ${quoted(found[line])}, the records say ` +
					`${quoted(wanted[line])}; try: ${typed('record', '--text')}`,
			];
};

/** Holds a text between two marks of a page against what belongs there. */
export const checkPage = (file: string, wanted: (page: string) => string): string[] =>
	telling(() => {
		if (!existsSync(file)) {
			return [];
		}

		const page = readFileSync(file, 'utf8');
		const lines = wanted(page).split('\n');
		const line = page.split('\n').findIndex((text, index) => text !== lines[index]);
		return line === -1
			? []
			: [`${shown(file)}, line ${line + 1}: the records say ${quoted(lines[line])}; try: ${typed('record', '--text')}`];
	});

const quoted = (line: string | undefined): string => (line === undefined ? 'nothing' : JSON.stringify(line));

/** What can't even be looked at is a problem too. */
const telling = (work: () => string[]): string[] => {
	try {
		return work();
	} catch (error) {
		if (error instanceof RecordError) {
			return [`${shown(error.path)}: ${error.problem}`];
		}

		if (error instanceof StepladderError) {
			return [error.message];
		}

		throw error;
	}
};
