import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {packageRoot} from '../../ts/platform/package-root.js';
import {pairedDifference} from '../../ts/statistics/paired.js';
import {drawValue} from '../../ts/sweep/draw-value.js';
import {parzen, proposeSettings, type ScoredTrial} from '../../ts/sweep/tpe.js';
import {asPlanned, isVaried, type PlannedSetting, scaleOf} from '../../ts/sweep/varied.js';

const expected = JSON.parse(readFileSync(path.join(packageRoot, 'test/sweep/search.json'), 'utf8'));

test('the density of a range is SciPy’s mixture of truncated normal distributions', t => {
	for (const {range, values, at, density} of expected.densities) {
		const found = parzen(
			range,
			values.map((value: number) => ({path: 'x', value})),
		);
		for (const [index, point] of at.entries()) {
			const [is, should] = [found.density(scaleOf(range).at(point)), density[index]];
			t.true(Math.abs(is - should) < 1e-9 * Math.max(1, should), `${point}: ${is}, ${should}`);
		}
	}
});

const vary: PlannedSetting[] = [
	{path: 'rate', range: {low: 1e-4, high: 1, log: true}},
	{path: 'channels', range: {low: 2, high: 64, log: false}},
	{path: 'norm', values: ['none', 'batch', 'other']},
	{path: 'momentum', range: {low: 0, high: 0.999, log: false}, when: {path: 'norm', values: ['batch']}},
].map(setting => asPlanned(setting as Parameters<typeof asPlanned>[0]));

/** A known surface: its best is 0, at rate 0.02, 40 channels, `batch` and momentum 0.9. */
const surface = (settings: ReadonlyArray<{path: string; value: unknown}>): number => {
	const of = Object.fromEntries(settings.map(({path, value}) => [path, value])) as Record<string, number | string>;
	const norm = of['norm'] === 'batch' ? ((Number(of['momentum']) - 0.9) / 0.5) ** 2 : of['norm'] === 'none' ? 1 : 2;
	return -((Math.log10(Number(of['rate']) / 0.02) / 1) ** 2 + ((Number(of['channels']) - 40) / 25) ** 2 + norm);
};

const random = (name: string): ScoredTrial => {
	const settings: Array<{path: string; value: unknown}> = [];
	for (const varied of vary) {
		if (isVaried(varied, settings)) {
			settings.push(drawValue(varied, `${name} ${varied.path}`));
		}
	}

	return {settings, score: surface(settings)};
};

/** Returns the best score of 50 trials: 10 random ones, then rounds of five, by the estimator or at random. */
const best = (draw: number, isSearch: boolean): number => {
	let history = Array.from({length: 10}, (_, trial) => random(`${draw} ${trial}`));
	while (history.length < 50) {
		const round: ScoredTrial[] = [];
		while (round.length < 5) {
			const name = `${draw} ${history.length + round.length}`;
			const pending = round.map(({settings}) => settings);
			const settings = isSearch ? proposeSettings(vary, history, pending, name) : random(name).settings;
			round.push({settings, score: surface(settings)});
		}

		history = [...history, ...round];
	}

	return Math.max(...history.map(({score}) => score));
};

test('on a known surface the estimator finds better trials than random draws, over a hundred draws', t => {
	const draws = Array.from({length: 100}, (_, draw) => draw);
	const [found, drawn] = [true, false].map(isSearch => new Map(draws.map(draw => [draw, best(draw, isSearch)])));
	const {difference} = pairedDifference(found ?? new Map(), drawn ?? new Map());
	t.log(`${difference.mean.toFixed(3)} (95 % interval ${difference.low.toFixed(3)} to ${difference.high.toFixed(3)})`);
	t.true(difference.low > 0);
});

test('proposals keep ranges, lists and conditions, and are the same each time', t => {
	const history = Array.from({length: 30}, (_, trial) => random(`a ${trial}`));
	const proposals = Array.from({length: 50}, (_, trial) => proposeSettings(vary, history, [], `b ${trial}`));
	for (const settings of proposals) {
		const of = Object.fromEntries(settings.map(({path, value}) => [path, value])) as Record<string, number>;
		t.true((of['rate'] ?? 0) >= 1e-4 && (of['rate'] ?? 2) <= 1);
		t.true(Number.isInteger(of['channels']) && (of['channels'] ?? 0) >= 2 && (of['channels'] ?? 99) <= 64);
		t.is('momentum' in of, (of['norm'] as unknown) === 'batch');
	}

	t.deepEqual(proposeSettings(vary, history, [], 'b 7'), proposals[7]);
	t.deepEqual(
		proposeSettings(vary, [], [], 'c')
			.map(({path}) => path)
			.slice(0, 3),
		['rate', 'channels', 'norm'],
	);
});
