import test from 'ava';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {headline} from '../../ts/report/headline.js';
import {ladder} from '../helpers/mnist.js';

const of = (target: typeof ladder.target): string => headline(new LadderRecords({...ladder, target}));

test('a goal that no step reaches is told with the step that comes closest within its budgets', t => {
	t.is(
		of({testAccuracy: 0.995, heldFor: 5, maxParameters: 8000, maxEpochs: 15}).replace(/ It has .*$/, ''),
		'No step reaches the goal yet: at least 99.50 % of the test images in each of the last 5 epochs, with at most 8,000 ' +
			'parameters and 15 epochs. The closest is `weight-averaging`: 1 of 5 seeds held it.',
	);
});

test('a ladder without a goal opens with its last step and the target of that', t => {
	t.regex(
		of({}),
		/^The last step is `weight-averaging`\. Its target: at least 99\.40 % .* epochs\. 5 of 5 seeds held it\. /,
	);
});
