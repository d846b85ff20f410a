import test from 'ava';
import {epochText} from '../../ts/cli/epoch-text.js';
import {plain} from '../../ts/format/text-table.js';
import type {EpochEvent} from '../../ts/runs/events.js';

const event: EpochEvent = {
	...{type: 'epoch', step: 'baseline', seed: 1, epoch: 15, epochs: 15, learningRate: 0.0123},
	...{trainLoss: 0.0345, trainCorrect: 9888, trainTotal: 10_000, seconds: 12.34},
	...{testLoss: 0.0234, testCorrect: 9949, testTotal: 10_000},
};
const validated: EpochEvent = {...event, holdoutLoss: 0.031, holdoutCorrect: 4952, holdoutTotal: 5000};

const at = (width: number | undefined, of = event): string => epochText(of, {...plain, width});

test('a file gets every figure of an epoch on one line', t => {
	t.is(
		at(undefined, validated),
		'Seed 1, epoch 15/15: train 98.88% (loss 0.0345), rate 0.0123, 12.3 s. ' +
			'Validation: Average loss: 0.0310, Accuracy: 4952/5000 (99.04%) ' +
			'Test set: Average loss: 0.0234, Accuracy: 9949/10000 (99.49%)',
	);
});

test('an epoch takes one line on terminals of 120 and 80 columns, with losses where there is room', t => {
	t.is(at(120), 'Seed 1, epoch 15/15: train 98.88% (loss 0.0345), test 99.49% (loss 0.0234), rate 0.0123, 12.3 s');
	t.is(at(80), 'Seed 1, epoch 15/15: train 98.88% (0.0345), test 99.49% (0.0234), 12.3 s');
	t.is(
		at(120, validated),
		'Seed 1, epoch 15/15: train 98.88% (0.0345), validation 99.04% (0.0310), test 99.49% (0.0234), 12.3 s',
	);
	t.is(at(80, validated), 'Seed 1, 15/15: train 98.88%, validation 99.04%, test 99.49%, 12.3 s');
});

test('an epoch takes one line on any terminal', t => {
	for (let width = 20; width < 200; width += 1) {
		for (const of of [event, validated]) {
			const text = at(width, of);
			t.true(text.length <= width, text);
			t.false(text.includes('\n'));
		}
	}

	t.is(at(40), 'Seed 1, 15/15: test 99.49%');
});
