import test from 'ava';
import {Total} from '../../ts/cli/total.js';

test('the time left follows from the epochs that were trained here, once there is one', t => {
	const total = new Total(2, 'seeds', 0);
	total.begin('1', 0);
	total.begin('2', 2); // goes on after the epochs of an earlier process
	total.progress('1', 0, 4, 0.5);
	t.is(total.secondsLeft(5000), undefined);
	total.progress('1', 1, 4);
	t.is(total.secondsLeft(10_000), 50, '5 of 8 epochs are left, and one took 10 seconds');
	total.progress('2', 2, 4, 0.5);
	t.is(total.secondsLeft(10_000), 30, '4.5 are left, and 1.5 took 10 seconds');
});

test('a run that ends before its last epoch leaves nothing to be done', t => {
	const total = new Total(2, 'runs', 0);
	total.begin('1', 0);
	total.progress('1', 1, 4);
	total.finish('1');
	total.begin('2', 0);
	total.progress('2', 0, 4);
	t.regex(total.line(0)[0] ?? '', /^1 of 2 runs done, 4 of 8 epochs/);
	total.progress('2', 4, 4);
	total.finish('2');
	t.is(total.secondsLeft(9000), 0);
});

test('the total says less where there is less room', t => {
	const total = new Total(5, 'seeds', 0);
	total.begin('1', 0);
	total.progress('1', 3, 15);
	t.deepEqual(total.line(60_000), [
		'0 of 5 seeds done, 3 of 75 epochs, 01:00 so far, 24:00 left',
		'0/5 seeds, 3/75 epochs, 24:00 left',
		'3/75 epochs, 24:00 left',
	]);
});

test('a single seed is no total of seeds', t => {
	const total = new Total(1, 'seeds', 0);
	total.begin('1', 0);
	total.progress('1', 1, 90);
	t.is(total.line(60_000)[0], '1 of 90 epochs, 01:00 so far, 1:29:00 left');
});
