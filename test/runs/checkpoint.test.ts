import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {AbortError, openLadder, train} from '../../ts/index.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

test('a run with a damaged checkpoint or config.json is refused as damaged data, and its files stay', async t => {
	const own = tinyLadder(t, {train: 20_000});
	const ladder = await openLadder(own.folder);
	const options = {data: ladder.data, out: path.join(own.folder, 'runs'), epochs: 40}; // takes seconds, so that the abort comes first
	const training = train(ladder.step('tiny'), options);
	let folder = '';
	for await (const event of training) {
		folder = event.type === 'start' ? (event.folder ?? '') : folder;
		if (event.type === 'epoch' && event.epoch === 2) {
			training.abort();
			break;
		}
	}

	await t.throwsAsync(training.result, {instanceOf: AbortError});
	const checkpoint = path.join(folder, 'checkpoint.safetensors');
	const damaged = readFileSync(checkpoint);
	const at = damaged.length - 100;
	damaged[at] = (damaged[at] ?? 0) ^ 1;
	writeFileSync(checkpoint, damaged);
	const logs = ['config.json', 'events.jsonl', 'metrics.csv'].map(file => path.join(folder, file));
	const before = logs.map(file => readFileSync(file, 'utf8'));
	const {exitCode, stderr} = await own.run(['train', '--resume', folder]);
	t.regex(stderr, /checkpoint\.safetensors can’t be resumed: it was damaged after it was written/);
	t.is(exitCode, 5);
	t.deepEqual(readFileSync(checkpoint), damaged);
	t.deepEqual(
		logs.map(file => readFileSync(file, 'utf8')),
		before,
	);

	const config = path.join(folder, 'config.json');
	writeFileSync(config, readFileSync(config, 'utf8').slice(0, -20));
	const again = await own.run(['train', '--resume', folder]);
	t.regex(again.stderr, /its config\.json is not what a run wrote/);
	t.is(again.exitCode, 5);
});
