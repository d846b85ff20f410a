// A share of the campaign that is short enough for every change: of the system calls, six of 6,500 tries.
// `npm run test:faults` is all of it.
import test from 'ava';
import {exitCodes} from '../../ts/cli/exit-codes.js';
import type {Part} from './part.js';
import {parts} from './parts.js';
import {repeating} from './results.js';
import {type Scenario, scenarios} from './system-calls/scenarios.js';
import {noShim} from './system-calls/shim.js';
import {Stage} from './system-calls/system-calls.js';

const holds = test.macro(async (t, names: readonly string[], tries?: number) => {
	for (const name of names) {
		const part = parts.find(candidate => candidate.name === name) as Part;
		const skipped = part.skipped?.();
		if (skipped !== undefined) {
			t.log(`${name} is skipped: ${skipped}`);
			continue;
		}

		const {failures} = await part.run({tries, seed: 1});
		t.deepEqual(
			failures.map(({name: one, what}) => `${repeating(part, one)}: ${what}`),
			[],
		);
	}

	t.pass();
});

test('a failing call of `train` loses no finished run, and resuming gives the same bits', holds, ['calls-train'], 2);
test('a failing call of `record` loses nothing, and leaves nothing after the next', holds, ['calls-record'], 2);
test('a failing call of `setup` is reported, and leaves nothing after the next', holds, ['calls-setup'], 2);
(noShim() === undefined ? test : test.skip)('wheels are unpacked completely with short reads', async t => {
	const setUp = scenarios.find(({name}) => name === 'setup') as Scenario;
	const stage = await Stage.make(t, setUp);
	stage.reset();
	const {exitCode, stderr} = await stage.run(setUp.command, {kind: 'read', at: 1, what: 'short+', file: '.whl'});
	t.is(exitCode, 0, stderr);
	t.regex(stage.calls().struck ?? '', /\.whl$/);
});
(noShim() === undefined ? test : test.skip)('a folder of steps that can’t be listed is named', async t => {
	const train = scenarios.find(({name}) => name === 'train') as Scenario;
	const stage = await Stage.make(t, train);
	stage.reset();
	const {exitCode, stderr} = await stage.run(train.command, {kind: 'list', at: 1, what: 'EACCES', file: '/steps'});
	t.is(exitCode, exitCodes.data);
	t.regex(stderr, /steps: expected a folder that can be listed \(EACCES/);
});
test('two concurrent `train` are two runs', holds, ['twice-train'], 1);
test('inputs that once failed are refused, or read correctly', holds, ['corpus']);
test(
	'damaged models, images and tables are refused',
	holds,
	['fuzz-model', 'fuzz-png', 'fuzz-idx', 'fuzz-record'],
	150,
);
test('20 concurrent trainings have the result of one', holds, ['many-together']);
test('`process.exit()` and exceptions end a process while it trains', holds, ['many-exit', 'many-throw'], 1);
test('a clock that goes back changes no bit', holds, ['limits-clock'], 1);
