import type {TrialSummary} from '../claims/sweep-summary.js';
import {fixed, percent, probability, roundInterval} from '../format/figures.js';
import {markdownProse, markdownTable, markdownText} from '../format/markdown.js';
import {plain, type Screen, textTable} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import type {Spread} from '../statistics/spread.js';
import type {SweepResult} from './result.js';

const head = ['Trial', 'Kept aside, %', 'Difference', '95 % interval', 'p', 'corrected', 'Told'];

/** What `corrected` and the verdict below say again. */
const spare = ['p', 'Told', '95 % interval', 'corrected'];

const cells = (trial: TrialSummary, seeds: number): string[] => {
	const {name, holdout, difference, diverged, corrected, significant} = trial;
	const accuracy = holdout ? accuracyOf(holdout) : '-';
	const lost = diverged.length > 0 ? `, diverged with ${diverged.length} of ${seeds}` : '';
	return [
		`${name}${lost}`,
		accuracy,
		...differenceCells(difference),
		...pCells(difference?.pValue, corrected),
		toldCell(trial, significant),
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

const toldCell = ({settings}: TrialSummary, told: boolean): string =>
	settings.length === 0 ? '' : told ? 'yes' : 'no';

const rows = ({base, trials, seeds}: SweepResult): string[][] =>
	[base, ...trials].map(trial => cells(trial, seeds.length));

/** What was tried, on what. */
const opening = ({step, seeds, holdout, epochs, trials, record: {plan}}: SweepResult): string => {
	const images = Math.min(plan.limitTrain ?? plan.data.train, plan.data.train);
	const drawn = plan.sample ? `, drawn at random (draw ${plan.sample.draw})` : '';
	return (
		`\`${step}\` as it is and ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'} beside it${drawn}, with ` +
		`${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')} and ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}. Of ` +
		`${images.toLocaleString('en')} training images the last ${holdout.toLocaleString('en')} were kept aside to choose by. The ` +
		'trainer was not given the test images.'
	);
};

/** What the tests told. */
const verdict = ({trials, seeds}: SweepResult): string => {
	const [better, worse] = [1, -1].map(sign =>
		trials
			.filter(({significant, difference}) => significant && Math.sign(difference?.difference.mean ?? 0) === sign)
			.map(({name}) => name),
	);
	const [any, them] = trials.length === 1 ? ['it', 'the two'] : ['any of them', 'them'];
	if (seeds.length < 2) {
		return `One seed can’t tell ${any} from the step as it is.`;
	}

	return [
		...(better && better.length > 0 ? [`Better than the step as it is: ${better.join('; ')}.`] : []),
		...(worse && worse.length > 0 ? [`Worse: ${worse.join('; ')}.`] : []),
		...(better?.length === 0 && worse?.length === 0
			? [`These seeds don’t tell ${any} from the step as it is. That does not make ${them} the same.`]
			: []),
	].join(' ');
};

const legend = ({trials}: SweepResult): string =>
	'Kept aside: accuracy on these images, the mean of the last five epochs, ± standard deviation over seeds. Difference: in ' +
	'points, from the step as it is, paired over seeds. Corrected: the p of the paired test, for ' +
	`${['one trial', 'both trials'][trials.length - 1] ?? `all ${trials.length} trials`} (Holm). Told: whether that is below 0.05.`;

/** A sweep for the terminal. */
export const sweepText = (found: SweepResult, screen: Screen = plain): string => {
	const told = (text: string): string => wrap(text, screen.width);
	const table = textTable(head, rows(found), {screen, spare});
	return [told(opening(found)), '', table, '', screen.secondary(told(legend(found))), '', told(verdict(found))].join(
		'\n',
	);
};

/** The page of a sweep's folder. */
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
		...['![Differences from the step as it is, with their 95 % intervals](sweep.svg)', ''],
	].join('\n');
