import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {binOf, calibrationBins} from '../../ts/statistics/calibration.js';
import {
	type ClassificationMeasures,
	classificationMeasures,
	measuresOfConfusion,
} from '../../ts/statistics/classification.js';
import {root} from '../helpers/cli.js';

/** Made by scripts/reference/make_measures.py. */
const {cases} = JSON.parse(readFileSync(path.join(root, 'test', 'statistics', 'scikit-learn.json'), 'utf8'));

const near = (actual: number | undefined, expected: number | null): boolean =>
	expected === null ? actual === undefined : actual !== undefined && Math.abs(actual - expected) < 1e-12;

for (const {name, classes, labels, predictions, probabilities, ranks, ...expected} of cases) {
	test(`measures are those of scikit-learn: ${name}`, t => {
		const found = classificationMeasures({classes, labels, predictions, probabilities, ranks});
		const figures = ['accuracy', 'balancedAccuracy', 'macroF1', 'top3', 'calibrationError'] as const;
		for (const figure of figures satisfies ReadonlyArray<keyof ClassificationMeasures>) {
			t.true(near(found[figure], expected[figure]), `${figure}: ${found[figure]}, ${expected[figure]}`);
		}

		t.deepEqual(found.confusion, expected.confusion);
		t.deepEqual(found.majority, expected.majority);
		t.is(found.perClass.length, classes);
		for (const [label, {count, precision, recall, f1}] of found.perClass.entries()) {
			const wanted = expected.perClass[label];
			t.is(count, wanted.count);
			t.true(near(precision, wanted.precision) && near(recall, wanted.recall) && near(f1, wanted.f1), `class ${label}`);
		}
	});
}

test('predictions alone have no top-3 accuracy and no calibration error', t => {
	const found = classificationMeasures({classes: 5, labels: [0, 4], predictions: [0, 3]});
	t.false('top3' in found || 'calibrationError' in found);
	t.is(found.accuracy, 0.5);
});

test('with three classes or fewer every rank is among the first three, so there is no top-3 accuracy', t => {
	t.false('top3' in classificationMeasures({classes: 3, labels: [0], predictions: [1], ranks: [3]}));
});

test('a label beyond the classes is an error', t => {
	t.throws(() => classificationMeasures({classes: 2, labels: [2], predictions: [0]}), {instanceOf: RangeError});
	t.throws(() => classificationMeasures({classes: 2, labels: [0], predictions: [2]}), {instanceOf: RangeError});
});

test('a border of two bins lies in the lower one', t => {
	for (let bin = 1; bin <= calibrationBins; bin += 1) {
		const border = bin / calibrationBins;
		t.is(binOf(border), bin - 1);
		t.is(binOf(border + 1e-9), Math.min(bin, calibrationBins - 1));
	}

	t.is(binOf(0), 0);
});

test('of several largest classes the first is the majority', t => {
	t.deepEqual(
		measuresOfConfusion([
			[2, 1],
			[0, 3],
		]).majority,
		{label: 0, accuracy: 0.5},
	);
});
