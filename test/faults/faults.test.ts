// A share of the campaign that is short enough for every change; `npm run test:faults` is all of it.
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

/** The same for single tries of a part. */
const holdsAt = test.macro(async (t, name: string, tries: readonly string[]) => {
	const part = parts.find(candidate => candidate.name === name) as Part;
	for (const only of part.skipped?.() === undefined ? tries : []) {
		const {failures} = await part.run({seed: 1, only});
		t.deepEqual(failures, []);
	}

	t.pass();
});

test(
	'a call of `train` that fails costs nothing that was finished, and the run goes on to the same bits',
	holds,
	['calls-train'],
	5,
);
test('a call of `resume` that fails costs nothing', holds, ['calls-resume'], 4);
test('a call of `record` that fails costs nothing', holds, ['calls-record'], 3);
test('what a `record` leaves that is killed in a text or a lock is gone after the next one', holdsAt, 'calls-record', [
	'write.18.kill',
	'write.19.EIO+',
	'write.35.kill',
	'write.35.torn',
]);
test('a call of set-up that fails is told, and what it leaves is gone after the next one', holdsAt, 'calls-setup', [
	...['read.22.EIO', 'mkdir.4.EACCES', 'unlink.2.EIO', 'unlink.1.kill'],
]);
(noShim() === undefined ? test : test.skip)(
	'wheels are unpacked whole where every read of them comes short',
	async t => {
		const setUp = scenarios.find(({name}) => name === 'setup') as Scenario;
		const stage = await Stage.make(t, setUp);
		stage.reset();
		const {exitCode, stderr} = await stage.run(setUp.command, {kind: 'read', at: 1, what: 'short+', file: '.whl'});
		t.is(exitCode, 0, stderr);
		t.regex(stage.calls().struck ?? '', /\.whl$/);
	},
);
(noShim() === undefined ? test : test.skip)('a folder of steps that can’t be listed is named', async t => {
	const train = scenarios.find(({name}) => name === 'train') as Scenario;
	const stage = await Stage.make(t, train);
	stage.reset();
	const {exitCode, stderr} = await stage.run(train.command, {kind: 'list', at: 1, what: 'EACCES', file: '/steps'});
	t.is(exitCode, exitCodes.data);
	t.regex(stderr, /steps: expected a folder that can be listed \(EACCES/);
});
test('two `train` at once are two runs', holds, ['twice-train'], 1);
test('inputs that once failed are refused, or read right', holds, ['corpus']);
test(
	'damaged models, images and tables are refused',
	holds,
	['fuzz-model', 'fuzz-png', 'fuzz-idx', 'fuzz-record'],
	150,
);
test('20 trainings at once come to what one comes to', holds, ['many-together']);
test('a process ends as it is told to while it trains', holds, ['many-exit', 'many-throw'], 1);
test('a clock that goes back changes no bit', holds, ['limits-clock'], 1);
