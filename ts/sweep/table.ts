import type {TrialSummary} from '../claims/sweep-summary.js';
import {clock, fixed, probability, roundInterval} from '../format/figures.js';
import {markdownProse, markdownTable, markdownText} from '../format/markdown.js';
import {plain, type Screen, textTable} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import {groupBy} from '../statistics/group-by.js';
import type {Spread} from '../statistics/spread.js';
import {type SettingEffect, settingEffects, sizeFront} from './effects.js';
import {labelsOf} from './labels.js';
import {type Objective, objectives} from './objective.js';
import type {SweepPlan} from './plan.js';
import type {SweepResult} from './result.js';

/** A table of the terminal and the page. */
type Table = {readonly head: readonly string[]; readonly rows: ReadonlyArray<readonly string[]>};

/** Columns that a narrow terminal drops first: the verdict below repeats them. */
const spare = ['p', 'Significant', '95 % interval', 'corrected', 'Parameters'];

const testHead = ['Difference', '95 % interval', 'p', 'corrected', 'Significant'];

/** Returns the columns of the test against the unchanged step. */
const testCells = ({difference, corrected, settings, significant}: TrialSummary, scale: number): string[] => [
	...differenceCells(difference, scale),
	...pCells(difference?.pValue, corrected),
	settings.length === 0 ? '' : significant ? 'yes' : 'no',
];

const spreadOf = ({mean, deviation, values}: Spread, {format, scale}: Objective): string =>
	values.length > 1 ? `${format(mean)} ± ${(scale * deviation).toFixed(scale === 1 ? 4 : 2)}` : format(mean);

const differenceCells = (found: TrialSummary['difference'], scale: number): [string, string] => {
	if (!found) {
		return ['', ''];
	}

	const {difference} = found;
	if (difference.values.length < 2) {
		return [fixed(scale * difference.mean, scale === 1 ? 4 : 2), '-'];
	}

	if (scale === 1) {
		return [fixed(difference.mean, 4), `${fixed(difference.low, 4)} to ${fixed(difference.high, 4)}`];
	}

	const {mean, low, high} = roundInterval(difference);
	return [mean, `${low} to ${high}`];
};

const pCells = (p: number | undefined, corrected: number): [string, string] =>
	p === undefined ? ['', ''] : Number.isNaN(p) ? ['-', '-'] : [probability(p), probability(corrected)];

const objectiveOf = ({record: {plan}}: SweepResult): Objective => objectives[plan.objective ?? 'accuracy'];

const isOfOneSize = ({base, trials}: SweepResult): boolean =>
	trials.every(({parameters}) => parameters === base.parameters);

/** Returns a function that names a trial in a table. */
const labeller = ({record, search}: SweepResult): ((trial: TrialSummary, index: number) => string) => {
	const labels = labelsOf(search.trials);
	const runs = groupBy(record.runs, ({trial}) => trial);
	return ({name, diverged}, index) => {
		const text = labels[index] ?? name;
		return diverged.length > 0 ? `${text}, diverged with ${diverged.length} of ${runs.get(index)?.length ?? 0}` : text;
	};
};

/** Returns the table of all trials, each tested; in the order of the plan. */
const testedTable = (found: SweepResult): Table => {
	const objective = objectiveOf(found);
	const label = labeller(found);
	const sizes = isOfOneSize(found) ? [] : ['Parameters'];
	return {
		head: ['Trial', ...sizes, objective.head, ...testHead],
		rows: [found.base, ...found.trials].map((trial, index) => [
			label(trial, index),
			...sizes.map(() => trial.parameters.toLocaleString('en')),
			trial.objective ? spreadOf(trial.objective, objective) : '-',
			...testCells(trial, objective.scale),
		]),
	};
};

/** Returns the table of the finalists on their fresh seeds, the best of the search first. */
const finalTable = (found: SweepResult): Table => {
	const objective = objectiveOf(found);
	const label = labeller(found);
	const finalists = (found.finalists ?? []).flatMap(index => {
		const trial = found.trials[index];
		return trial ? [[trial, index + 1] as const] : [];
	});
	return {
		head: ['Finalist', 'Parameters', 'In the search', objective.head, ...testHead],
		rows: ([[found.base, 0], ...finalists] as const).map(([trial, index]) => [
			label(trial, index),
			trial.parameters.toLocaleString('en'),
			trial.objective ? objective.format(trial.objective.mean) : '-',
			trial.final ? spreadOf(trial.final, objective) : '-',
			...testCells(trial, objective.scale),
		]),
	};
};

/** Returns the table of the trials of a search, which are not tested: those that went furthest first, and of these the best. */
const searchTable = (found: SweepResult, most: number): Table => {
	const objective = objectiveOf(found);
	const {sign, scale} = objective;
	const label = labeller(found);
	const all = [found.base, ...found.trials].map((trial, index) => {
		const value = trial.stopped?.value ?? trial.objective?.mean ?? Number.NaN;
		const epochs = trial.stopped?.epoch ?? found.search.trials[index]?.experiment.epochs ?? 0;
		return {trial, index, epochs, value, rank: Number.isNaN(value) ? Number.NEGATIVE_INFINITY : sign * value};
	});
	const base = all[0]?.value ?? Number.NaN;
	const ranked = all.slice(1).toSorted((a, b) => b.epochs - a.epochs || (b.rank === a.rank ? 0 : b.rank - a.rank));
	return {
		head: ['Trial', 'Parameters', objective.head, 'From unchanged', 'Epochs'],
		rows: [...all.slice(0, 1), ...ranked.slice(0, most)].map(({trial, index, epochs, value}) => [
			label(trial, index),
			trial.parameters.toLocaleString('en'),
			Number.isNaN(value) ? '-' : objective.format(value),
			index === 0 || trial.stopped || Number.isNaN(value) ? '' : fixed(scale * (value - base), scale === 1 ? 4 : 2),
			String(epochs),
		]),
	};
};

/** Describes trials, seeds and images. */
const opening = (found: SweepResult): string => {
	const {step, seeds, epochs, trials, tooLarge, search} = found;
	const {plan, drawn} = found.record;
	const isUnlimited = plan.maxParameters === undefined || (tooLarge === 0 && isOfOneSize(found));
	const limited = isUnlimited ? '' : ` ${limitedTo(plan, tooLarge)}`;
	const ended =
		drawn === undefined
			? ''
			: ` The budget of ${clock(plan.budget ?? 0)} ended the draws after ${drawn} of ${plan.sample?.count}.`;
	const rungs = search.rungs?.slice(0, -1) ?? [];
	const halved =
		rungs.length === 0
			? ''
			: ` Successive halving: after ${rungs.join(' and ')} epochs one trial in ${plan.halving} went on.`;
	return (
		`\`${step}\` unchanged, plus ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}${origin(plan)}, with ` +
		`${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')} and ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}.` +
		`${limited}${ended}${halved} ${heldOut(plan)} The trainer did not open the test images.`
	);
};

/** Says how the trials of a sample were found. */
const origin = ({sample, search}: SweepPlan): string =>
	!sample
		? ''
		: search
			? `, ${search.startup} drawn at random (draw ${sample.draw}) and the rest proposed by a Parzen estimator, ${search.round} at once`
			: `, drawn at random (draw ${sample.draw})`;

/** Says how many trials had too many parameters. */
const limitedTo = ({maxParameters, sample}: SweepPlan, tooLarge: number): string => {
	const limit = `At most ${maxParameters?.toLocaleString('en')} parameters:`;
	const count = (what: string): string =>
		`${tooLarge.toLocaleString('en')} ${what}${tooLarge === 1 ? '' : 's'} above ${tooLarge === 1 ? 'was' : 'were'}`;
	return sample ? `${limit} ${count('draw')} repeated.` : `${limit} ${count('trial')} left out.`;
};

/** Says which images were held out. */
const heldOut = ({data, limitTrain, holdout, drawSeed}: SweepPlan): string => {
	const count = (images: number): string => images.toLocaleString('en');
	const images = Math.min(limitTrain ?? data.train, data.train);
	const drawn = `drawn from each class in proportion (draw ${drawSeed})`;
	if (data.validation !== undefined) {
		const limited = images < data.train ? `, ${drawn}` : '';
		return `Trained on ${count(images)} images${limited}, and evaluated on the ${count(holdout)} of the data’s validation set.`;
	}

	return drawSeed === undefined
		? `Of ${count(images)} training images the last ${count(holdout)} were held out for validation.`
		: `Of ${count(images)} training images ${count(holdout)} were held out for validation, ${drawn}.`;
};

/** Says which trials differ significantly. */
const verdict = (found: SweepResult): string => {
	const {trials, seeds, finalists, finalSeeds, lowerIsBetter, search} = found;
	const labels = labelsOf(search.trials);
	const [better = [], worse = []] = [1, -1].map(sign =>
		trials.flatMap(({significant, difference}, index) => {
			const direction = Math.sign(difference?.difference.mean ?? 0) * (lowerIsBetter ? -1 : 1);
			return significant && direction === sign ? [labels[index + 1] ?? ''] : [];
		}),
	);
	const tested = finalists ? finalSeeds : seeds;
	if (!search.isComplete) {
		return 'The sweep still runs: these are the figures so far.';
	}

	if (finalists?.length === 0) {
		return 'No trial ended without diverging, so there are no finalists.';
	}

	if (tested.length < 2) {
		return 'One seed is too few to test differences for significance.';
	}

	return [
		...(better.length > 0 ? [`Significantly better than the unchanged step: ${better.join('; ')}.`] : []),
		...(worse.length > 0 ? [`Significantly worse: ${worse.join('; ')}.`] : []),
		...(better.length === 0 && worse.length === 0
			? [
					`No ${finalists ? 'finalist' : 'trial'} differs significantly from the unchanged step (${tested.length} seeds). That does not make them equal.`,
				]
			: []),
	].join(' ');
};

/** Explains the columns of a test. */
const testLegend = (objective: Objective, tests: number, what: string): string =>
	`Difference: from the unchanged step, in ${objective.scale === 1 ? 'its own unit' : 'points'}, paired over seeds. Corrected: the p of the paired test, corrected for ` +
	`${[`one ${what}`, `both ${what}s`][tests - 1] ?? `all ${tests} ${what}s`} (Holm). Significant: whether that is below 0.05.` +
	(objective.sign === 1 ? '' : ' A lower value is better.');

const legend = (found: SweepResult): string => {
	const objective = objectiveOf(found);
	const head = objective.head.replace(/, %$/, '');
	return `${head}: ${objective.name.replace(/^accuracy,/, 'accuracy on the held-out images,')}, ± standard deviation over seeds. ${testLegend(objective, found.trials.length, 'trial')}`;
};

const finalLegend = (found: SweepResult): string => {
	const objective = objectiveOf(found);
	const {finalSeeds, finalists = []} = found;
	return (
		`The finalists are the best of the search, and were trained again with seeds ${finalSeeds.join(', ')}, which chose none of ` +
		`them: “In the search” is the ${objective.name}, on the seeds that did, and flatters the best of many. ` +
		testLegend(objective, finalists.length, 'finalist')
	);
};

const searchLegend = (found: SweepResult): string => {
	const {rungs} = found.search;
	return rungs
		? `Trials ended after ${rungs.slice(0, -1).join(' and ')} of ${found.epochs} epochs, if they trailed; their figures are those of ` +
				'that epoch, of the same training. None of these figures is tested.'
		: 'None of these figures is tested: the best of many trials is in part the luckiest.';
};

/** Returns the table of the settings' importance, and of their values. */
const effectTables = (effects: readonly SettingEffect[], objective: Objective): [Table, Table] => [
	{
		head: ['Setting', 'Explains, %', 'By chance up to, %'],
		rows: effects.map(({path, explained}) => [
			path,
			...(explained ? [explained.share, explained.byChance].map(share => (100 * share).toFixed(0)) : ['-', '-']),
		]),
	},
	{
		head: ['Setting', 'Value', 'Trials', 'Mean', '95 % interval'],
		rows: effects.flatMap(({path, groups}) =>
			groups.map(({label, spread: {values, mean, low, high}}, index) => [
				...[index === 0 ? path : '', label, String(values.length), objective.format(mean)],
				values.length > 1 ? `${objective.format(low)} to ${objective.format(high)}` : '-',
			]),
		),
	},
];

const effectLegend = ({search: {rungs}, record: {plan}}: SweepResult): string =>
	'Explains: the share of the variance between trials that lies between the values of the setting, or parts of its range with as many ' +
	'trials each (epsilon squared of a one-way analysis of variance, an estimate of Sobol’s first-order index). Without any effect it ' +
	'stays below “by chance” in 19 of 20 cases. Effects that need two settings at once are not seen.' +
	(rungs ? ` All trials are compared after epoch ${rungs[0]}, the last that all have.` : '') +
	(plan.search ? ' The search tried promising values more often, which these figures do not correct.' : '');

const frontTable = (found: SweepResult): Table => {
	const objective = objectiveOf(found);
	const labels = labelsOf(found.search.trials);
	return {
		head: ['Trial', 'Parameters', objective.head],
		rows: sizeFront(found).map(({index, parameters, value}) => [
			...[labels[index] ?? '', parameters.toLocaleString('en'), objective.format(value)],
		]),
	};
};

/** The most trials of a search that the terminal lists; the page has all. */
const mostInTerminal = 10;

/** Formats a sweep for the terminal. */
export const sweepText = (found: SweepResult, screen: Screen = plain): string => {
	const wrapped = (text: string): string => wrap(text, screen.width);
	const secondary = (text: string): string => screen.secondary(wrapped(text));
	const table = ({head, rows}: Table): string => textTable(head, rows, {screen, spare});
	const effects = settingEffects(found);
	const [importance] = effectTables(effects, objectiveOf(found));
	const parts = found.finalists
		? [
				...[table(searchTable(found, mostInTerminal)), secondary(searchLegend(found))],
				...[table(finalTable(found)), secondary(finalLegend(found))],
			]
		: [table(testedTable(found)), secondary(legend(found))];
	const more = effects.length > 0 ? [table(importance), secondary(effectLegend(found))] : [];
	return [wrapped(opening(found)), ...parts, ...more, wrapped(verdict(found))].join('\n\n');
};

/** Formats the page of a sweep's folder. */
export const sweepMarkdown = (found: SweepResult): string => {
	const table = ({head, rows}: Table): string => markdownTable(head, rows);
	const effects = settingEffects(found);
	const [importance, values] = effectTables(effects, objectiveOf(found));
	const front = frontTable(found);
	const isCut = labelsOf(found.search.trials).some(
		(label, index) => index > 0 && label !== found.trials[index - 1]?.name,
	);
	return [
		...[`# ${markdownText(found.name)}`, markdownProse(opening(found))],
		...(found.finalists
			? [
					...[table(finalTable(found)), markdownProse(finalLegend(found)), markdownProse(verdict(found))],
					...(found.finalists.length > 0 ? [chartLink] : []),
					...['## All trials', table(searchTable(found, Number.POSITIVE_INFINITY)), searchLegend(found)],
				]
			: [table(testedTable(found)), legend(found), markdownProse(verdict(found)), chartLink]),
		...(effects.length > 0
			? [
					'## Settings',
					table(importance),
					effectLegend(found),
					table(values),
					'![Each setting against the objective](search.svg)',
				]
			: []),
		...(front.rows.length > 0
			? [
					'## Parameters',
					'Of the trials that were trained to their end, none is better than these with as many parameters or fewer:',
					table(front),
				]
			: []),
		...(isCut
			? [
					'## Trials in full',
					...found.trials
						.map(({name}, index) => `${index + 1}. ${markdownText(name)}`)
						.join('\n')
						.split('\n\n'),
				]
			: []),
	]
		.join('\n\n')
		.concat('\n');
};

const chartLink = '![Differences from the unchanged step, with 95 % intervals](sweep.svg)';
