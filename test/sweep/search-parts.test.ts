import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {packageRoot} from '../../ts/platform/package-root.js';
import {explainedVariance} from '../../ts/statistics/explained.js';
import {paretoFront} from '../../ts/statistics/pareto.js';
import {bestOf, rungsOf, survivorsOf} from '../../ts/sweep/halving.js';
import {checkObjective, objectives} from '../../ts/sweep/objective.js';

// By NumPy and SciPy (scripts/reference/make_search.py).
const expected = JSON.parse(readFileSync(path.join(packageRoot, 'test/sweep/search.json'), 'utf8'));

test('each rung of successive halving is eta times the one before, and leaves one epoch and the finalists', t => {
	// By hand: 15 / 3 = 5, 5 / 3 = 1.67; 200 / 9 = 22.2 trials are left for the last rung.
	t.deepEqual(rungsOf(15, 200, {eta: 3, finalists: 3}), [2, 5, 15]);
	t.deepEqual(rungsOf(27, 200, {eta: 3, finalists: 3}), [1, 3, 9, 27]);
	t.deepEqual(rungsOf(15, 20, {eta: 3, finalists: 3}), [5, 15], 'two rungs before would leave 2 of 20');
	t.deepEqual(rungsOf(15, 8, {eta: 3, finalists: 3}), [15]);
	t.deepEqual(rungsOf(16, 1000, {eta: 2, finalists: 1}), [1, 2, 4, 8, 16]);
	t.deepEqual(rungsOf(1, 1000, {eta: 2, finalists: 1}), [1]);
	t.deepEqual(
		[survivorsOf(200, 3, 3), survivorsOf(66, 3, 3), survivorsOf(8, 3, 3), survivorsOf(2, 3, 3)],
		[66, 22, 3, 2],
	);
});

test('the best trials have the highest scores; of equal ones the first, and one that diverged comes last', t => {
	t.deepEqual(bestOf([0.5, 0.9, 0.9, Number.NaN, 0.7], 3), [1, 2, 4]);
	t.deepEqual(bestOf([Number.NEGATIVE_INFINITY, Number.NaN, -3], 3), [2, 0, 1]);
});

test('the variance that groups explain is that of SciPy’s analysis of variance', t => {
	for (const {groups, share, byChance} of expected.explained) {
		const found = explainedVariance(groups);
		t.true(Math.abs((found?.share ?? 1) - share) < 1e-9, `${found?.share} ${share}`);
		t.true(Math.abs((found?.byChance ?? 1) - byChance) < 1e-6, `${found?.byChance} ${byChance}`);
	}

	t.is(explainedVariance([[1], [2]]), undefined);
	t.is(explainedVariance([[1, 1], [1]]), undefined);
	t.is(explainedVariance([[1, 2, 3]]), undefined);
});

test('the front has the items that no other beats in both', t => {
	for (const {items, front} of expected.fronts) {
		t.deepEqual(paretoFront(items), front);
	}
});

test('an objective is measured on the held-out images, over the last five epochs', t => {
	const rows = [60, 70, 90, 88, 92, 91, 89].map((holdoutCorrect, index) => ({
		holdoutCorrect,
		holdoutLoss: 1 / (index + 1),
	}));
	const {accuracy, loss, lowest, range, first} = objectives;
	t.is(accuracy.of(rows, 100), 0.9);
	t.is(loss.of(rows).toFixed(6), ((1 / 3 + 1 / 4 + 1 / 5 + 1 / 6 + 1 / 7) / 5).toFixed(6));
	t.deepEqual([lowest.of(rows, 100), range.of(rows, 100).toFixed(6), first.of(rows, 100)], [0.88, '0.040000', 0.6]);
	t.deepEqual([accuracy.soFar(rows.slice(0, 3), 100), loss.soFar(rows.slice(0, 2))], [0.9, -0.5]);
	t.deepEqual([accuracy.sign, loss.sign, range.sign], [1, -1, -1]);
	t.is(checkObjective('loss'), 'loss');
	t.throws(() => checkObjective('macroF1'), {
		message: /`objective` should be one of `accuracy`, .*, which are measured on the held-out images/,
	});
});
