import test from 'ava';
import {tinyLadder} from '../helpers/tiny-ladder.js';

test('resuming a finished run explains why it gets no more epochs, and names the ways to train for longer', async t => {
	const ladder = tinyLadder(t);
	await ladder.run(['train', '--step', 'tiny', '--quiet']);
	const {exitCode, stderr} = await ladder.run(['train', '--resume', 'latest']);
	t.is(exitCode, 2);
	t.regex(
		stderr,
		/ has finished: there is nothing to resume; the learning rate of each epoch depends on their number, so more epochs are another training: /,
	);
	const [, folder = ''] = /`--epochs N --set start\.from=(\S+)` from the weights of this run$/.exec(stderr) ?? [];
	t.not(folder, '', stderr);

	const longer = await ladder.run(['train', '--step', 'tiny', '--epochs', '6', '--set', `start.from=${folder}`]);
	t.is(longer.exitCode, 0, longer.stderr);
	t.regex(longer.stdout, /epoch 6\/6/);
	t.regex(longer.stderr, /Starting weights: \d+ tensors loaded/);
});
