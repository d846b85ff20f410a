import test, {type ExecutionContext} from 'ava';
import {openLadder, type SweepRecord} from '../../ts/index.js';
import {comparedTrials, settingEffects, sizeFront} from '../../ts/sweep/effects.js';
import {labelsOf} from '../../ts/sweep/labels.js';
import type {SweepPlan} from '../../ts/sweep/plan.js';
import {summarizeSweep} from '../../ts/sweep/result.js';
import {followSearch, type RunResult, type WantedRun} from '../../ts/sweep/search.js';
import {searchChart} from '../../ts/sweep/search-chart.js';
import {sweepMarkdown, sweepText} from '../../ts/sweep/table.js';
import type {PlannedSetting} from '../../ts/sweep/varied.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const vary: PlannedSetting[] = [
	{path: 'schedule.learningRate', range: {low: 0.001, high: 0.1, log: true}},
	{path: 'net.body.1.channels', range: {low: 1, high: 8, log: false}},
	{path: 'net.block.norm', values: ['none', 'batch']},
];

const planOf = async (t: ExecutionContext, rest: Partial<SweepPlan> = {}): Promise<SweepPlan> => {
	const {experiment} = (await openLadder(tinyLadder(t).folder)).step('tiny');
	return {
		...{step: 'tiny', experiment: {...experiment, epochs: 9}, vary, sample: {count: 40, draw: 1}, seeds: [101]},
		...{holdout: 1000, limitTrain: null, drawSeed: 1},
		data: {
			...{name: 'Bars', channels: 1, size: 28, train: 4000, test: 60, hash: ''},
			classes: Array.from({length: 10}, (_, label) => String(label)),
		},
		...rest,
	};
};

/** Made-up results: the rate and the channels matter, the norm does not, and each epoch adds to the accuracy. */
const madeUp = ({trial, index, seed, until}: WantedRun): RunResult => {
	const {schedule, net} = trial.experiment;
	const rate = 'learningRate' in schedule ? schedule.learningRate : 0;
	const channels = (net.body[1] as {channels: number}).channels;
	const noise = ((index * 7919 + seed * 104_729) % 13) - 6;
	const base = 600 - 100 * Math.log10(rate / 0.02) ** 2 + 20 * channels + noise;
	const epochs = Array.from({length: until ?? 9}, (_, epoch) => {
		const holdoutCorrect = Math.round(base + 10 * epoch);
		return {
			epoch: epoch + 1,
			trainLoss: 1,
			trainCorrect: 1000,
			holdoutLoss: 2 - holdoutCorrect / 1000,
			holdoutCorrect,
			seconds: 1,
		};
	});
	return {epochs, diverged: null};
};

/** Returns the record of a plan with made-up results, or of its first runs. */
const recordOf = (plan: SweepPlan, most = Number.POSITIVE_INFINITY): SweepRecord => {
	const {runs: wanted} = followSearch(plan, madeUp);
	const runs = wanted.slice(0, most).map(({index, seed}) => ({
		...{trial: index, seed, engine: 'fused' as const, device: 'cpu', threads: 1, diverged: null, seconds: 9},
		...{begun: '2026-11-30T00:00:00.000Z', condition: 0},
	}));
	const epochs = wanted
		.slice(0, most)
		.flatMap(run => madeUp(run).epochs.map(row => ({trial: run.index, seed: run.seed, ...row})));
	return {plan, conditions: [], runs, epochs};
};

const halving = {halving: 3, finalists: {count: 3, seeds: [201, 202, 203]}};

test('labels tell trials apart: names where they are short, else numbers with the settings that differ', async t => {
	const {search} = summarizeSweep('made-up', recordOf(await planOf(t)));
	const labels = labelsOf(search.trials);
	t.is(new Set(labels).size, labels.length);
	t.true(labels.every(label => label.length <= 44));
	t.true(
		labels.slice(1).every((label, index) => label.startsWith(`#${index + 1} learningRate `)),
		labels[1],
	);
	t.regex(labels.find((_, index) => search.trials[index]?.settings.at(-1)?.value === 'none') ?? '', /, norm n/);
	const short = summarizeSweep('made-up', recordOf(await planOf(t, {vary: vary.slice(0, 1)})));
	t.deepEqual(
		labelsOf(short.search.trials).slice(1),
		short.trials.map(({name}) => name),
	);
});

test('a setting that matters explains more than chance, one that does not less', async t => {
	const found = summarizeSweep('made-up', recordOf(await planOf(t, halving)));
	const effects = settingEffects(found);
	const byChannels = effects.find(({path}) => path === 'net.body.1.channels');
	const [rate, channels, norm] = vary.map(({path}) => effects.find(effect => effect.path === path)?.explained);
	t.true((rate?.share ?? 0) > (rate?.byChance ?? 1) && (channels?.share ?? 0) > (channels?.byChance ?? 1));
	t.true((norm?.share ?? 1) < (norm?.byChance ?? 0));
	t.is(
		effects[0]?.groups.reduce((sum, {spread}) => sum + spread.values.length, 0),
		40,
	);
	t.deepEqual(
		byChannels?.groups.map(({label}) => Number(label)).toSorted((a, b) => a - b),
		byChannels?.groups.map(({label}) => Number(label)),
	);
	t.is(comparedTrials(found).length, 41, 'after the first rung, which all trials have');

	// The made-up accuracy grows with the channels, and they alone with the parameters: the front is what no whole trial beats.
	const front = sizeFront(found);
	t.true(front.length > 0 && front.every(({index}) => index === 0 || !found.trials[index - 1]?.stopped));
	t.deepEqual(
		front.map(({value}) => value),
		front.map(({value}) => value).toSorted((a, b) => a - b),
	);
});

test('the table shows finalists on fresh seeds beside their figures in the search, and all trials with where they ended', async t => {
	const found = summarizeSweep('made-up', recordOf(await planOf(t, halving)));
	const text = sweepText(found);
	t.regex(text, /Successive halving: after 1 and 3 epochs one trial in 3 went on\./);
	t.regex(
		text,
		/^Finalist +Parameters +In the search +Validation, % +Difference +95 % interval +p +corrected +Significant$/m,
	);
	t.regex(text, /trained again with seeds 201, 202, 203, which chose none of them/);
	t.regex(text, /corrected for all 3 finalists \(Holm\)/);
	t.is(text.match(/^#\d+ .* [139]$/gm)?.length, 10, 'the terminal lists the ten best of the search');
	const page = sweepMarkdown(found);
	t.is(page.match(/^\| #\d+ .*\| 1 \|$/gm)?.length, 27);
	t.is(page.match(/^\| #\d+ .*\| 3 \|$/gm)?.length, 9);
	t.is(page.match(/^\| #\d+ .*\| 9 \|$/gm)?.length, 4);
	t.regex(page, /\n## Settings\n/);
	t.is(page.match(/^\d+\. schedule\.learningRate /gm)?.length, 40, 'cut labels are spelt out');
	t.regex(await searchChart(found), /^<svg .*schedule\.learningRate.*parameters/s);
});

test('a sweep that still runs is shown as far as it got', async t => {
	const plan = await planOf(t, halving);
	for (const most of [0, 1, 5, 30, 41, 50]) {
		const found = summarizeSweep('made-up', recordOf(plan, most));
		t.is(found.trials.length, 40);
		t.regex(
			sweepText(found),
			/^`tiny` unchanged, plus 40 trials(?:.|\n)*\nThe sweep still runs: these are the figures so far\.$/,
		);
		t.regex(sweepMarkdown(found), /^# made-up\n/);
	}
});
