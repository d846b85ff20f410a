import {aimOf} from '../experiment/goal.js';
import {fixed, percent} from '../format/figures.js';
import {classTable, estimateCell} from '../record/class-table.js';
import {constantSentences} from '../record/constant-sentences.js';
import {heldCell, meanCell} from '../record/ladder-table.js';
import {type Changes, changesBetween} from './changes.js';
import {compared, limitNotes, noCommonSeed, otherImages} from './compare-runs.js';
import {type Comparison, commonSeeds, comparisons} from './comparison.js';
import {dataSentence} from './data-sentence.js';
import type {ExportsTable} from './exports-table.js';
import type {Found, RunGroup} from './run-groups.js';

/** The content of a report of runs, independent of its format. */
export type RunsData = {
	/** Sentence with the numbers of runs and of unfinished runs. */
	readonly headline: string;
	readonly groups: readonly RunGroup[];
	readonly runs: Table;
	/** Measures of each group over its finished seeds. */
	readonly together: Table;
	/** Precision, recall and F1 by class of each group, after the last epoch; empty if no group has them. */
	readonly classes: Table;
	/** Sentences about the data, limits and runs that were left out. */
	readonly notes: readonly string[];
	/** Differences of every other group from the first. */
	readonly changes: ReadonlyArray<{readonly group: RunGroup; readonly changes: Changes}>;
	/** Every other finished group minus the first finished one. */
	readonly comparisons: readonly Comparison[];
	/** Test images that the finished runs of each group get wrong. */
	readonly mistakes: ReadonlyArray<{readonly name: string; readonly sentence: string; readonly table: Table}>;
	/** Sentences why other groups are not compared. */
	readonly notCompared: readonly string[];
	/** The exports of the runs' models. */
	readonly exports: ExportsTable;
};

type Table = {readonly head: readonly string[]; readonly body: ReadonlyArray<readonly string[]>};

/** Gathers the content of a report of runs. Groups that can't be compared are still shown, with the reason. */
export const runsData = ({groups, notes}: Found, exports: ExportsTable): RunsData => {
	const [first, ...others] = groups;
	const [base, ...rest] = groups.filter(({measured}) => measured);
	const problems = rest.map(other => ({other, problem: base && problemOf(base, other)}));
	const paired = problems.filter(({problem}) => problem === undefined).map(({other}) => other);
	return {
		...{headline: headline(groups), groups, runs: runsTable(groups), together: togetherTable(groups), exports},
		classes: classesTable(groups),
		notes: [
			...new Set(groups.map(({data}) => dataSentence(data))),
			...groups.flatMap(group => limitNotes(group)),
			...groups.flatMap(group => constantNotes(group)),
			...notes,
		],
		changes: first ? others.map(group => ({group, changes: changesBetween(first.experiment, group.experiment)})) : [],
		comparisons: base
			? comparisons(
					paired.map(other => [compared(other), compared(base)]),
					base.target.primary,
				)
			: [],
		mistakes: groups.flatMap(group => mistakesTable(group) ?? []),
		notCompared: [
			...problems.flatMap(({problem}) => problem ?? []),
			...groups.filter(({measured}) => !measured).map(({name}) => `No run of ${name} has finished yet.`),
		],
	};
};

const problemOf = (base: RunGroup, other: RunGroup): string | undefined => {
	const reason = otherImages(other, base);
	return reason === undefined
		? commonSeeds(compared(other), compared(base)).length > 0
			? undefined
			: noCommonSeed(other, base)
		: `\`${other.name}\` ${reason}.`;
};

const headline = (groups: readonly RunGroup[]): string => {
	const runs = groups.flatMap(({runs}) => runs);
	const open = runs.filter(({isFinished}) => !isFinished).length;
	const settings = groups.length === 1 ? `of ${groups[0]?.name}` : `with ${groups.length} different settings`;
	if (runs.length === 1) {
		return `A run ${settings}. It has ${open === 0 ? '' : 'not '}finished.`;
	}

	return `${runs.length} runs ${settings}. ${open === 0 ? 'All have finished.' : `${open} ${open === 1 ? 'has' : 'have'} not finished.`}`;
};

const runsTable = (groups: readonly RunGroup[]): Table => ({
	head: ['Step', 'Seed', 'Test %', 'Held', 'Epochs', 'State', 'Trial', 'Begun (UTC)', 'Folder'],
	body: groups.flatMap(({step, trial, isRecord, runs}) =>
		runs.map(({seed, epochs, of, held, isFinished, begun, folder}) => {
			const last = epochs.at(-1);
			return [
				...[step, String(seed)],
				last ? percent(last.testCorrect / last.testTotal) : '-',
				held === undefined ? '-' : held ? 'yes' : 'no',
				`${epochs.length}/${of}`,
				...[isRecord ? 'recorded' : isFinished ? 'finished' : 'unfinished', trial ?? 'no'],
				...[begun?.slice(0, 16).replace('T', ' ') ?? '-', isRecord ? '-' : folder],
			];
		}),
	),
});

/** Images of a group that are listed. */
const mostListed = 50;

const mistakesTable = ({name, mistakes, runs}: RunGroup): RunsData['mistakes'][number] | undefined => {
	if (mistakes.length === 0) {
		return undefined;
	}

	const finished = runs.filter(({isFinished}) => isFinished).length;
	const listed = mistakes.slice(0, mostListed);
	const count = `${mistakes.length.toLocaleString('en')} test ${mistakes.length === 1 ? 'image is' : 'images are'}`;
	const which = listed.length < mistakes.length ? ` The ${listed.length} that most runs get wrong:` : '';
	return {
		...{
			name,
			sentence: `${count} wrong in at least one of ${finished} finished ${finished === 1 ? 'run' : 'runs'}.${which}`,
		},
		table: {
			head: ['Image', 'Class', 'Predicted', 'Runs', 'Highest probability'],
			body: listed.map(mistake => [
				...[mistake.image, mistake.class, mistake.predicted.join(', '), `${mistake.seeds}/${finished}`],
				mistake.probability.toFixed(2),
			]),
		},
	};
};

const togetherTable = (groups: readonly RunGroup[]): Table => ({
	head: [
		...['Runs of', 'Test %', 'Held', 'Seeds', 'Train %', 'Train % in evaluation mode', 'Gap'],
		...['Balanced %', 'Macro F1 %', 'Top-3 %', 'Calibration error %'],
	],
	body: groups.map(({name, measured}) =>
		measured
			? [
					...[name, meanCell(measured.test), heldCell(measured), measured.seeds.join(', ')],
					...[meanCell(measured.train), meanCell(measured.trainClean), fixed(100 * measured.gap.mean, 2)],
					...[measured.balancedAccuracy, measured.macroF1, measured.top3].map(value =>
						value ? estimateCell(value) : '-',
					),
					measured.calibrationError ? fixed(100 * measured.calibrationError.mean, 2) : '-',
				]
			: [name, ...Array.from({length: 10}, () => '-')],
	),
});

const classesTable = (groups: readonly RunGroup[]): Table => {
	const tables = groups.map(({name, measured}) => ({name, ...classTable(measured?.perClass ?? [])}));
	return {
		head: ['Runs of', ...classTable([]).head],
		body: tables.flatMap(({name, body}) => body.map(row => [name, ...row])),
	};
};

/** Says what the most common class would get, and which seeds predict one class alone. */
const constantNotes = ({name, target, measured}: RunGroup): string[] =>
	measured
		? constantSentences({...measured, seeds: measured.missed}, aimOf(target).metric).map(note => `${name}: ${note}`)
		: [];
