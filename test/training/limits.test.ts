import path from 'node:path';
import test from 'ava';
import {ConfigError, loadModel, openLadder, train} from '../../ts/index.js';
import {writeIdxFiles} from '../helpers/idx.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const images = (count: number) => ({images: new Uint8Array(784 * count).fill(7), labels: new Uint8Array(count)});

for (const count of [1, 5]) {
	test(`a data set of one class and ${count} images is trained on, in a larger batch, and its model predicts`, async t => {
		const own = tinyLadder(t);
		writeIdxFiles(path.join(own.folder, 'data'), [28, 28], {train: images(count), test: images(count)});
		const ladder = await openLadder(own.folder);
		const out = path.join(own.folder, 'runs');
		const result = await train(ladder.step('tiny'), {data: ladder.data, out}).result;
		t.is(result.seeds[0]?.lastEpochs.length, 2);
		const model = await loadModel(path.join(out, 'latest'));
		t.deepEqual(model.classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']); // its net has ten
		t.is((await model.predict(images(count).images)).length, count);
	});
}

test('seeds and threads out of bounds are refused with the bounds', async t => {
	const ladder = await openLadder(tinyLadder(t).folder);
	const refused = async (options: object, message: RegExp): Promise<void> => {
		const training = train(ladder.step('tiny'), {data: ladder.data, ...options});
		await t.throwsAsync(training.result, {instanceOf: ConfigError, message});
	};
	for (const seed of [2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300, Number.NaN]) {
		await refused({seeds: [seed]}, /whole numbers from 0 to 4294967295/);
	}

	await refused({threads: 10_000}, /`threads` should be a whole number from 1 to 1024, got 10000/);
	await refused({threads: Number.NaN}, /`threads` should be a whole number from 1 to 1024, got NaN/);
	const [largest] = (await train(ladder.step('tiny'), {data: ladder.data, seeds: [2 ** 32 - 1]}).result).seeds;
	t.is(largest?.seed, 2 ** 32 - 1);
});
