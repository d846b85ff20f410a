import test from 'ava';
import {type Claim, type PriorEvidence, rose} from '../../ts/index.js';
import type {StepEntry} from '../../ts/ladder/open-ladder.js';
import {checkLadder} from '../../ts/record/check.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {currentPreregistration} from '../../ts/record/preregister.js';
import {ladder} from '../helpers/mnist.js';

const data = await ladder.data.open(ladder.folder);
const entry = ladder.entry('weight-averaging');

test('the claims of a step are evaluated with one call of each, and then looked at for what they rest on', t => {
	const calls: string[] = [];
	const analysis = entry.step.analysis.map(
		({say, holds}, index): Claim => ({
			say(evidence) {
				calls.push(`say ${index}`);
				return say(evidence);
			},
			holds(evidence) {
				calls.push(`holds ${index}`);
				return holds(evidence);
			},
		}),
	);
	const counted: StepEntry = {...entry, step: {...entry.step, analysis}};
	const records = new LadderRecords(ladder);
	records.claims(counted);
	const once = analysis.flatMap((_, index) => [`holds ${index}`, `say ${index}`]);
	t.deepEqual(calls, once);
	t.deepEqual(checkLadder(records, data, [counted]), []);
	const {length} = calls;
	t.true(length > once.length);
	t.deepEqual(checkLadder(records, data, [counted]), []);
	t.is(calls.length, length, 'they are evaluated once');
});

test('the tests of a reason are corrected among themselves, whatever the analysis tests later', t => {
	const records = new LadderRecords(ladder);
	const batchNorm = ladder.entry('batch-norm');
	const {step} = batchNorm;
	const reason = (why: (known: PriorEvidence) => string): string => {
		const reasoned = {...step, target: {...step.target, why}};
		return currentPreregistration({...batchNorm, step: reasoned}, records, data).why;
	};
	// p is 0.036 and 0.048: each passes alone, neither beside the other.
	const above = (known: PriorEvidence, name: string): string =>
		String(rose(known.step('fc-layer'), known.step(name), 'trainClean'));
	t.is(
		reason(known => above(known, 'augmentation')),
		'true',
	);
	t.is(
		reason(known => `${above(known, 'augmentation')} ${above(known, 'lr-scheduler')}`),
		'false false',
	);
});
