import test from 'ava';
import {ConfigError, summarize} from '../../ts/index.js';
import {ladder} from '../helpers/mnist.js';

const {steps, step: findStep} = ladder;

test('the ladder begins with its eight first steps in order, with their exact parameter counts', t => {
	const counts = steps.map(step => [step.name, summarize(step.experiment.net).parameters]);
	t.deepEqual(counts.slice(0, 8), [
		['basic-setup', 6_379_786],
		['base-skeleton', 13_160],
		['batch-norm', 13_312],
		['dropout', 13_312],
		['fc-layer', 6720],
		['augmentation', 6720],
		['lr-scheduler', 6720],
		['weight-averaging', 6720],
	]);
});

test('each of them changes one aspect of the step above it', t => {
	t.deepEqual(
		steps.slice(0, 8).map(step => [step.from?.name, step.aspect]),
		[
			[undefined, undefined],
			['basic-setup', 'whole net'],
			['base-skeleton', 'net block'],
			['batch-norm', 'net block'],
			['dropout', 'net head'],
			['fc-layer', 'augmentation'],
			['augmentation', 'schedule'],
			['lr-scheduler', 'averaging'],
		],
	);
});

test('every step is within its own budgets', t => {
	for (const {name, experiment, target} of steps) {
		t.true(summarize(experiment.net).parameters <= target.maxParameters, name);
		t.true(experiment.epochs <= target.maxEpochs && target.maxEpochs <= 15, name);
		t.true(target.heldFor <= experiment.epochs, name);
	}

	t.deepEqual(findStep('lr-scheduler').target.maxParameters, 8000);
});

test('the final net sees 3, 5, 6, 6, 10, 14, 18 and then 28 pixels', t => {
	const {rows} = summarize(findStep('lr-scheduler').experiment.net);
	t.deepEqual(
		rows.slice(0, 8).map(row => row.fieldOut),
		[3, 5, 6, 6, 10, 14, 18, 28],
	);
	t.deepEqual(
		rows.slice(0, 8).map(row => row.jumpOut),
		[1, 1, 2, 2, 2, 2, 2, 12],
	);
});

test('the skeleton shrinks from 26 to 6 pixels, unpadded, before a 6x6 convolution', t => {
	const {rows} = summarize(findStep('base-skeleton').experiment.net);
	t.deepEqual(
		rows.map(row => row.sizeOut),
		[26, 24, 12, 12, 10, 8, 6, 1, 1],
	);
	t.is(rows[7]?.operation, 'conv 6x6');
});

test('the first net pads its four first convolutions and ends unpadded', t => {
	const {rows} = summarize(findStep('basic-setup').experiment.net);
	t.deepEqual(
		rows.map(row => row.sizeOut),
		[28, 28, 14, 14, 14, 7, 5, 3, 1, 1],
	);
	t.deepEqual(
		rows.filter(row => row.kernel === 3).map(row => row.padding),
		[1, 1, 1, 1, 0, 0, 0],
	);
});

test('norm parameters are in the row of their convolution', t => {
	const {rows, parameters} = summarize(findStep('lr-scheduler').experiment.net);
	t.deepEqual(
		rows.map(row => row.parameters),
		[88, 1184, 0, 144, 592, 1184, 2920, 0, 418, 190, 0],
	);
	t.is(
		rows.reduce((sum, row) => sum + row.parameters, 0),
		parameters,
	);
});

test('an unknown step is refused with the names of all steps', t => {
	t.throws(() => findStep('lr-schedular'), {
		instanceOf: ConfigError,
		message:
			/no step "lr-schedular" in MNIST in 8,000 parameters \(did you mean `lr-scheduler`\?\): its steps are basic-setup, .*, weight-averaging$/,
	});
});
