import path from 'node:path';
import test from 'ava';
import {ConfigError} from '../../ts/index.js';
import {seedsWorker} from '../../ts/training/seeds-task.js';
import {temporaryFolder} from '../helpers/folder.js';

test('a run whose folder is gone when its task begins is named, with what to do', async t => {
	const folder = temporaryFolder(t);
	const {signal} = new AbortController();
	const worker = await seedsWorker(() => t.fail())({jobs: 1}, {cores: 1, folder, signal});
	await t.throwsAsync(
		worker.train({key: path.join(folder, 'gone'), seed: 1} as never, signal, () => {}),
		{
			instanceOf: ConfigError,
			message: /gone was removed before its run had finished: `record` again, or `train --resume` of another seed/,
		},
	);
});
