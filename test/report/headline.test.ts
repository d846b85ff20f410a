import test from 'ava';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {headline} from '../../ts/report/headline.js';
import {ladder} from '../helpers/mnist.js';

const headlineFor = (target: typeof ladder.target): string => headline(new LadderRecords({...ladder, target}));

test('if no step reaches the goal, the headline names the closest one within the budgets', t => {
	t.is(
		headlineFor({testAccuracy: 0.995, heldFor: 5, maxParameters: 8000, maxEpochs: 15}).replace(/ It has .*$/, ''),
		'No step reaches the goal yet: at least 99.50 % of the test images in each of the last 5 epochs, with at most 8,000 ' +
			'parameters and 15 epochs. The closest is `weight-averaging`: 1 of 5 seeds held it. The step’s own target, 99.40 % in each of the last 5 epochs, ' +
			'was held by 5 of 5.',
	);
});

test('the headline says nothing of a step’s own target where it is the goal', t => {
	t.notRegex(headlineFor(ladder.target), /own target/);
});

test('without a goal, the headline names the last step and its target', t => {
	t.regex(
		headlineFor({}),
		/^The last step is `weight-averaging`\. Its target: at least 99\.40 % .* epochs\. 5 of 5 seeds held it\. /,
	);
});
