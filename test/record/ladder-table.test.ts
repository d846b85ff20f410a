import test from 'ava';
import {tinyLadder} from '../helpers/tiny-ladder.js';

test('the ladder shows optimizers if not all are `sgd`', async t => {
	const ladder = tinyLadder(t);
	const lines = async () => (await ladder.run(['ladder'])).stdout.split('\n');
	t.notRegex((await lines())[0] ?? '', /Optimizer/);
	ladder.write(
		'steps/1-adamw.ts',
		`import {defineStep} from 'stepladder';
import tiny from './0-tiny.ts';

export default defineStep({
	name: 'adamw',
	from: tiny,
	change: {optimizer: {kind: 'adamw', decayed: 'weights'}, schedule: {learningRate: 0.001}},
	target: {why: 'To see it.', testAccuracy: 0.5, heldFor: 1, maxParameters: 1000, maxEpochs: 10},
});
`,
	);
	const [head, , ...rows] = await lines();
	t.regex(head ?? '', / Augmentation +Optimizer +LR scheduler /);
	t.regex(rows[0] ?? '', /^tiny .* sgd +no /);
	t.regex(rows[1] ?? '', /^adamw .* adamw +no /);
	const json = JSON.parse((await ladder.run(['ladder', '--format', 'json'])).stdout);
	t.deepEqual(
		json.map(({optimizer, changed}: {optimizer: string; changed?: string}) => [optimizer, changed]),
		[
			['sgd', undefined],
			['adamw', 'optimizer'],
		],
	);
});
