import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {AbortError, type Engine, openLadder, train} from '../../ts/index.js';
import {addonHashes, platformOf} from '../../ts/native/load.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** The folder of a run that was aborted after two epochs. */
const interruptedRun = async (t: ExecutionContext, own: OwnLadder, engine: Engine): Promise<string> => {
	const ladder = await openLadder(own.folder);
	const out = path.join(own.folder, 'runs');
	// An epoch takes long enough that the run is not done before the abort.
	const training = train(ladder.step('tiny'), {data: ladder.data, out, engine, threads: 1, epochs: 40});
	let folder = '';
	for await (const event of training) {
		folder = event.type === 'start' ? (event.folder ?? '') : folder;
		if (event.type === 'epoch' && event.epoch === 2) {
			training.abort();
			break;
		}
	}

	await t.throwsAsync(training.result, {instanceOf: AbortError});
	return folder;
};

test('a checkpoint keeps the sources of its build, and one of `aten` libtorch and the type of CPU', async t => {
	const own = tinyLadder(t, {train: 4000});
	const keeps = async (engine: Engine, words: readonly string[]): Promise<void> => {
		const folder = await interruptedRun(t, own, engine);
		const checkpoint = readFileSync(path.join(folder, 'checkpoint.safetensors'), 'utf8');
		for (const word of [addonHashes({engine}).sources, ...words]) {
			t.true(checkpoint.includes(word), `${engine}: ${word}`);
		}
	};

	t.regex(platformOf({engine: 'aten'}) ?? '', /^libtorch 2\.\d+\.\d+.* on .+/);
	await keeps('fused', []);
	await keeps('aten', [platformOf({engine: 'aten'}) ?? '']);
});

test('a run with a damaged checkpoint or config.json is refused as damaged data, and its files stay', async t => {
	const own = tinyLadder(t, {train: 20_000});
	const folder = await interruptedRun(t, own, 'fused');
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
