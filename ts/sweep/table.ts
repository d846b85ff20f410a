import type {TrialSummary} from '../claims/sweep-summary.js';
import {fixed, percent, probability, roundInterval} from '../format/figures.js';
import {markdownProse, markdownTable, markdownText} from '../format/markdown.js';
import {plain, type Screen, textTable} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import type {Spread} from '../statistics/spread.js';
import type {SweepPlan} from './plan.js';
import type {SweepResult} from './result.js';

const head = ['Trial', 'Validation, %', 'Difference', '95 % interval', 'p', 'corrected', 'Significant'];

/** Columns that a narrow terminal drops first: the verdict below repeats them. */
const spare = ['p', 'Significant', '95 % interval', 'corrected'];

const cells = (trial: TrialSummary, seeds: number): string[] => {
	const {name, holdout, difference, diverged, corrected, significant} = trial;
	const accuracy = holdout ? accuracyOf(holdout) : '-';
	const divergence = diverged.length > 0 ? `, diverged with ${diverged.length} of ${seeds}` : '';
	return [
		`${name}${divergence}`,
		accuracy,
		...differenceCells(difference),
		...pCells(difference?.pValue, corrected),
		significantCell(trial, significant),
	];
};

const accuracyOf = ({mean, deviation, values}: Spread): string =>
	values.length > 1 ? `${percent(mean)} ± ${(100 * deviation).toFixed(2)}` : percent(mean);

const differenceCells = (found: TrialSummary['difference']): [string, string] => {
	if (!found) {
		return ['', ''];
	}

	const {difference} = found;
	if (difference.values.length < 2) {
		return [fixed(100 * difference.mean, 2), '-'];
	}

	const {mean, low, high} = roundInterval(difference);
	return [mean, `${low} to ${high}`];
};

const pCells = (p: number | undefined, corrected: number): [string, string] =>
	p === undefined ? ['', ''] : Number.isNaN(p) ? ['-', '-'] : [probability(p), probability(corrected)];

const significantCell = ({settings}: TrialSummary, significant: boolean): string =>
	settings.length === 0 ? '' : significant ? 'yes' : 'no';

const rows = ({base, trials, seeds}: SweepResult): string[][] =>
	[base, ...trials].map(trial => cells(trial, seeds.length));

/** Describes trials, seeds and images. */
const opening = ({step, seeds, epochs, trials, tooLarge, record: {plan}}: SweepResult): string => {
	const drawn = plan.sample ? `, drawn at random (draw ${plan.sample.draw})` : '';
	const limited = plan.maxParameters === undefined ? '' : ` ${limitedTo(plan, tooLarge)}`;
	return (
		`\`${step}\` unchanged, plus ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}${drawn}, with ` +
		`${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')} and ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}.${limited} ` +
		`${heldOut(plan)} The trainer did not open the test images.`
	);
};

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
const verdict = ({trials, seeds}: SweepResult): string => {
	const [better, worse] = [1, -1].map(sign =>
		trials
			.filter(({significant, difference}) => significant && Math.sign(difference?.difference.mean ?? 0) === sign)
			.map(({name}) => name),
	);
	if (seeds.length < 2) {
		return 'One seed is too few to test differences for significance.';
	}

	return [
		...(better && better.length > 0 ? [`Significantly better than the unchanged step: ${better.join('; ')}.`] : []),
		...(worse && worse.length > 0 ? [`Significantly worse: ${worse.join('; ')}.`] : []),
		...(better?.length === 0 && worse?.length === 0
			? [
					`No trial differs significantly from the unchanged step (${seeds.length} seeds). That does not make them equal.`,
				]
			: []),
	].join(' ');
};

const legend = ({trials}: SweepResult): string =>
	'Validation: accuracy on the held-out images, mean of the last five epochs, ± standard deviation over seeds. Difference: ' +
	'from the unchanged step, in points, paired over seeds. Corrected: the p of the paired test, corrected for ' +
	`${['one trial', 'both trials'][trials.length - 1] ?? `all ${trials.length} trials`} (Holm). Significant: whether that is below 0.05.`;

/** Formats a sweep for the terminal. */
export const sweepText = (found: SweepResult, screen: Screen = plain): string => {
	const wrapped = (text: string): string => wrap(text, screen.width);
	const table = textTable(head, rows(found), {screen, spare});
	const [before, notes, after] = [wrapped(opening(found)), wrapped(legend(found)), wrapped(verdict(found))] as const;
	return [before, '', table, '', screen.secondary(notes), '', after].join('\n');
};

/** Formats the page of a sweep's folder. */
export const sweepMarkdown = (found: SweepResult): string =>
	[
		...[
			`# ${markdownText(found.name)}`,
			'',
			markdownProse(opening(found)),
			'',
			markdownTable(head, rows(found)),
			'',
			legend(found),
			'',
			markdownProse(verdict(found)),
			'',
		],
		...['![Differences from the unchanged step, with 95 % intervals](sweep.svg)', ''],
	].join('\n');
