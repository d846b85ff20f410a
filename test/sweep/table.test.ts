import test, {type ExecutionContext} from 'ava';
import {openLadder} from '../../ts/index.js';
import {sweepChart} from '../../ts/sweep/chart.js';
import {comparedTrials, settingEffects, sizeFront} from '../../ts/sweep/effects.js';
import {labelsOf} from '../../ts/sweep/labels.js';
import type {SweepPlan} from '../../ts/sweep/plan.js';
import {summarizeSweep} from '../../ts/sweep/result.js';
import {searchChart} from '../../ts/sweep/search-chart.js';
import {sweepMarkdown, sweepText} from '../../ts/sweep/table.js';
import {madeUpPlan, madeUpRecord, madeUpVary} from '../helpers/made-up-sweep.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const planOf = async (t: ExecutionContext, rest: Partial<SweepPlan> = {}): Promise<SweepPlan> =>
	madeUpPlan((await openLadder(tinyLadder(t).folder)).step('tiny').experiment, rest);

const halving = {halving: 3, finalists: {count: 3, seeds: [201, 202, 203]}};

test('labels tell trials apart: names where they are short, else numbers with the settings that differ', async t => {
	const {search} = summarizeSweep('made-up', madeUpRecord(await planOf(t)));
	const labels = labelsOf(search.trials);
	t.is(new Set(labels).size, labels.length);
	t.true(labels.every(label => label.length <= 44));
	t.true(
		labels.slice(1).every((label, index) => label.startsWith(`#${index + 1} learningRate `)),
		labels[1],
	);
	t.regex(labels.find((_, index) => search.trials[index]?.settings.at(-1)?.value === 'none') ?? '', /, norm n/);
	const short = summarizeSweep('made-up', madeUpRecord(await planOf(t, {vary: madeUpVary.slice(0, 1)})));
	t.deepEqual(
		labelsOf(short.search.trials).slice(1),
		short.trials.map(({name}) => name),
	);
});

test('a setting that matters explains more than chance, one that does not less', async t => {
	const found = summarizeSweep('made-up', madeUpRecord(await planOf(t, halving)));
	const effects = settingEffects(found);
	const byChannels = effects.find(({path}) => path === 'net.body.1.channels');
	const [rate, channels, norm] = madeUpVary.map(({path}) => effects.find(effect => effect.path === path)?.explained);
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
	const found = summarizeSweep('made-up', madeUpRecord(await planOf(t, halving)));
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
		const found = summarizeSweep('made-up', madeUpRecord(plan, most));
		t.is(found.trials.length, 40);
		t.regex(
			sweepText(found),
			/^`tiny` unchanged, plus 40 trials(?:.|\n)*\nThe sweep still runs: these are the figures so far\.$/,
		);
		t.regex(sweepMarkdown(found), /^# made-up\n/);
	}
});

test('the work of table and page grows as the trials', async t => {
	/** Returns how often the settings of trials are read. */
	const reads = async (count: number, rest: Partial<SweepPlan>): Promise<number> => {
		const found = summarizeSweep('made-up', madeUpRecord(await planOf(t, {sample: {count, draw: 1}, ...rest})));
		let read = 0;
		const counted = found.search.trials.map(
			trial =>
				new Proxy(trial, {
					get(target, name) {
						read += 1;
						return Reflect.get(target, name);
					},
				}),
		);
		const watched = {...found, search: {...found.search, trials: counted}};
		sweepText(watched);
		sweepMarkdown(watched);
		return read;
	};
	for (const rest of [{}, halving]) {
		const [few, many] = [await reads(60, rest), await reads(240, rest)];
		t.true(few >= 60 && many < 6 * few, `${few} and ${many}`);
	}
});

test('the chart has room for as many trials as a sweep may have', async t => {
	const plan = await planOf(t, {sample: {count: 1000, draw: 1}, seeds: [101, 102]});
	const found = summarizeSweep('made-up', madeUpRecord(plan));
	const svg = await sweepChart(found);
	const labels = [...svg.matchAll(/>(#\d+) learningRate/g)].map(([, label]) => label);
	t.deepEqual(
		[...new Set(labels)],
		found.trials.map((_, index) => `#${index + 1}`),
	);
});
