import test from 'ava';
import {limit} from '../../ts/platform/limit.js';

test('work runs in its order, a few at once, also where some of it fails', async t => {
	const limited = limit(3);
	let [running, most] = [0, 0];
	const begun: number[] = [];
	const work = async (index: number): Promise<number> =>
		limited(async () => {
			begun.push(index);
			running += 1;
			most = Math.max(most, running);
			await new Promise(resolve => setImmediate(resolve));
			running -= 1;
			if (index % 4 === 0) {
				throw new Error(`${index}`);
			}

			return index;
		});
	const numbers = Array.from({length: 20}, (_, index) => index);
	const outcomes = await Promise.allSettled(numbers.map(work));
	t.deepEqual(
		outcomes.map(outcome => (outcome.status === 'fulfilled' ? outcome.value : Number(outcome.reason.message))),
		numbers,
	);
	t.deepEqual(begun, numbers);
	t.is(most, 3);
	t.is(await work(1), 1);
});
