import test from 'ava';
import fc from 'fast-check';
import {
	betterOnImages,
	type Claim,
	claim,
	difference,
	type Evidence,
	equivalent,
	isBelow,
	onImages,
	percent,
	rose,
	shareOfLast,
	shift,
} from '../../ts/index.js';
import type {StepEntry} from '../../ts/ladder/open-ladder.js';
import {checkClaims} from '../../ts/record/check-claims.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {ladder} from '../helpers/mnist.js';

const records = new LadderRecords(ladder);
const entry = ladder.entry('fc-layer'); // it grew from `dropout`

const withClaims = (...analysis: readonly Claim[]): StepEntry => ({...entry, step: {...entry.step, analysis}});

/** Returns the sentences about claims, and the claims' texts. */
const checked = (...analysis: readonly Claim[]) => {
	const of = withClaims(...analysis);
	return {problems: checkClaims(of, records), texts: records.claims(of).map(({text}) => text())};
};

test('the claims of this ladder rest on tests or measures, and no figure in them was typed', t => {
	for (const step of ladder.entries) {
		t.deepEqual(checkClaims(step, records), [], step.step.name);
	}
});

/** Returns a condition that is true so many times. */
function countdown(calls: number): Claim['holds'] {
	let left = calls;
	return () => left-- > 0;
}

for (const [name, holds] of [
	['makes no test', () => true],
	['ignores a test', ({self, from}) => rose(self, from, 'test') || true],
	['ignores a measure', ({self}) => self.test.mean > 0 || true],
	['is about names alone', ({self, from}) => self.name !== from.name],
	['counts its calls', countdown(4)],
	['is about the number of seeds', ({self}) => self.seeds.length === 5],
] satisfies ReadonlyArray<readonly [string, Claim['holds']]>) {
	test(`a condition that ${name} is refused`, t => {
		const {problems} = checked(claim(() => 'It works.', holds));
		t.is(problems.length, 1);
		t.regex(
			problems[0] ?? '',
			/claim 1 rests on no test and no measure, its condition holds whatever the records say: “It works\.”$/,
		);
	});
}

test('a condition that compares figures without a test is marked as not tested, one that rests on a test is not', t => {
	const say = () => 'It works.';
	const {problems, texts} = checked(
		claim(say, ({self}) => self.test.mean > 0.5),
		claim(say, ({self}) => self.test.mean > 0.1), // chance among ten classes
		claim(say, ({self, from}) => self.parameters < from.parameters),
		claim(say, ({self, from}) => difference(from, self, 'test').difference.low > 0),
		claim(say, ({self}) => self.record.experiment.batchSize === 128),
		claim(say, ({self, from}) => {
			rose(self, from, 'gap'); // whose outcome changes nothing
			return self.test.mean > 0.5;
		}),
		claim(say, ({self, from}) => rose(from, self, 'test')),
		claim(say, ({self, from}) => difference(from, self, 'test').significant),
		claim(say, ({self, from}) => rose(from, self, 'test') || rose(from, self, 'gap')),
	);
	t.deepEqual(problems, []);
	t.deepEqual(texts, [...Array(6).fill('It works. (not tested)'), ...Array(3).fill('It works.')]);
});

const batchNorm = ladder.entry('batch-norm');

/** Decides two differences of which each is significant alone, and neither beside the other: p is 0.036 and 0.048. */
const bothPass = (isSignificant: (evidence: Evidence, other: string) => boolean): boolean[] =>
	records.evaluate(batchNorm, (evidence, analysis) =>
		analysis.decide(() => ['augmentation', 'lr-scheduler'].map(other => isSignificant(evidence, other))),
	);

for (const [name, isSignificant] of [
	['rose', (evidence, other) => rose(evidence.step('fc-layer'), evidence.step(other), 'trainClean')],
	[
		'rose on copies',
		({step}, other) => {
			const forget = {testContext: undefined, examination: undefined, name: 'another', seeds: [1]};
			return rose({...step('fc-layer'), ...forget}, {...step(other), ...forget}, 'trainClean');
		},
	],
	['significant', ({step}, other) => difference(step('fc-layer'), step(other), 'trainClean').significant],
	['a p-value', ({step}, other) => difference(step('fc-layer'), step(other), 'trainClean').pValue < 0.05],
	[
		'a p-value of a copy',
		({step}, other) => ({...difference(step('fc-layer'), step(other), 'trainClean')}).pValue < 0.05,
	],
	[
		'the seeds needed, and then a test',
		({step}, other) => {
			const {seedsNeeded} = difference(step('fc-layer'), step(other), 'trainClean');
			return seedsNeeded <= 5 && rose(step('fc-layer'), step(other), 'trainClean');
		},
	],
] satisfies ReadonlyArray<readonly [string, (evidence: Evidence, other: string) => boolean]>) {
	test(`a test is corrected for the others, however it is made: ${name}`, t => {
		const alone = ['augmentation', 'lr-scheduler'].map(other =>
			records.evaluate(batchNorm, (evidence, analysis) => analysis.decide(() => isSignificant(evidence, other))),
		);
		t.is(alone[0], name.startsWith('the seeds') ? alone[0] : true);
		t.deepEqual(bothPass(isSignificant), [false, false]);
	});
}

test('a p-value that a sentence states is counted, and stated as it is', t => {
	const found = records.evaluate(batchNorm, ({step}, analysis) => {
		const stated = difference(step('fc-layer'), step('augmentation'), 'trainClean').pValue;
		return [stated, analysis.decide(() => rose(step('fc-layer'), step('lr-scheduler'), 'trainClean'))];
	});
	t.true(Number(found[0]) > 0.03 && Number(found[0]) < 0.04);
	t.is(found[1], false);
});

test('tests are made on figures of the records alone', t => {
	const {self: own} = {self: records.of(entry)};
	const forged: ReadonlyArray<(evidence: Evidence) => boolean> = [
		({self, from}) => rose({...self, test: self.train}, from, 'test'),
		({self, from}) => rose({...self, test: {...self.test}}, from, 'test'),
		({self, from}) => rose(self, {...from, test: {...from.test, bySeed: new Map([[1, 0]])}}, 'test'),
		({self}) => isBelow({...self, gap: {...self.gap, mean: 0}}, 'gap', 0.5),
		({self, from}) => betterOnImages({...self, record: {...self.record, answers: from.record.answers}}, from, 1),
	];
	for (const holds of forged) {
		const {problems} = checked(claim(() => 'It works.', holds));
		t.regex(problems.join(), /claim 1 can’t be evaluated: the .* of `.*` should be those of its record/);
	}

	const before = own.test.bySeed.get(1);
	const {problems} = checked(
		claim(
			() => 'It works.',
			({self, from}) => {
				(self.test.bySeed as Map<number, number>).set(1, 0);
				Map.prototype.set.call(self.test.bySeed, 2, 0);
				for (const write of [
					() => Object.assign(self, {test: from.test}),
					() => Object.assign(self.test, {mean: 1}),
					() => Object.assign(self.record.epochs[0] ?? {}, {testCorrect: 1}),
				]) {
					t.throws(write, {instanceOf: TypeError});
				}

				return rose(from, self, 'test');
			},
		),
	);
	t.deepEqual(problems, []);
	t.is(own.test.bySeed.get(1), before);
});

const typed: ReadonlyArray<readonly [text: string, figures: string]> = [
	['Test accuracy rose to 99.93 %.', '99.93'],
	['It rose by 0.61 points (95 % interval 0.47 to 0.75).', '0.61, 0.47, 0.75'],
	['All 1,234 images are right, as with 5 of 5 seeds.', '1,234, 5'],
	['p is 0.001.', '0.001'],
	['p is 1e-3, the share .995.', '1e-3, .995'],
	['It gains 97pp, or 98%.', '97, 98'],
	['It gets ９９．９３ %.', '99.93'],
	['It is the best (99.93 % in all of 2020).', '99.93, 2020'],
];
for (const [text, figures] of typed) {
	test(`figures that no record gives are refused: ${text}`, t => {
		const {problems} = checked(
			claim(
				() => text,
				({self, from}) => rose(from, self, 'test'),
			),
		);
		t.is(problems.length, 1);
		t.true(problems[0]?.includes(`claim 1 states ${figures}, which no record gives`), problems[0]);
	});
}

test('a figure that stands in a comment of the condition alone is refused', t => {
	const {problems} = checked(
		claim(
			() => 'It gets 99.87 %.',
			({self}) => /* 99.87 */ self.test.mean > 0.5,
		),
	);
	t.is(problems.length, 1);
	t.true(problems[0]?.includes('claim 1 states 99.87, which no record gives'), problems[0]);
});

test('a figure that stands in a text of the condition alone is refused', t => {
	const {problems} = checked(
		claim(
			() => 'It gets 99.87 %.',
			({self}) => self.name !== '99.87' && self.test.mean > 0.5,
		),
	);
	t.true(problems[0]?.includes('claim 1 states 99.87, which no record gives'), problems[0]);
});

test('the figures of a sentence that counts its calls are refused', t => {
	let calls = 0;
	const {problems} = checked(
		claim(
			() => `It gets ${99 + calls++} %.`,
			({self, from}) => rose(from, self, 'test'),
		),
	);
	t.regex(problems.join(), /claim 1 states \d+, which no record gives/);
});

test('figures of the records, of the condition, of names and of sources are no typed ones', t => {
	const {problems} = checked(
		claim(
			({self, from}) =>
				`With ${self.held.count} of ${self.held.of} seeds and ${self.epochs} epochs it fell by ${shift(from, self, 'test')}.`,
			({self, from}) => rose(from, self, 'test'),
		),
		claim(
			() => 'The difference is below 1.5 points, and 40 % of that is no matter.',
			({self, from}) => equivalent(self, from, 'test', 0.015) && self.test.mean > 0.4,
		),
		claim(
			({self, from}) => `With seed 1 it gets ${onImages(from, self, 1).onlyFirst} images wrong.`,
			({self, from}) => onImages(from, self, 1).onlyFirst > 0,
		),
		claim(
			({self}) =>
				`${percent(shareOfLast(self, 2))} % are in the last 2 convolutions, 1x1 ones after a 3x3 and a 2nd one (Lin, Chen and Yan 2013), as in \`net-5\` and ${self.name}-2.`,
			({self}) => shareOfLast(self, 2) > 0.01,
		),
	);
	t.deepEqual(problems, []);
});

test('a figure is found in any sentence of this ladder into which it is typed', t => {
	const claims = ladder.entries.flatMap(step => step.step.analysis.map(of => ({step, of})));
	t.notThrows(() =>
		fc.assert(
			fc.property(
				fc.constantFrom(...claims),
				fc.integer({min: 1001, max: 998_999}),
				fc.boolean(),
				({step, of}, number, isFirst) => {
					const figure = (number / 1000).toFixed(3);
					const typedIn: Claim = {
						...of,
						say: evidence =>
							isFirst ? `Of ${figure} % it is true: ${of.say(evidence)}` : `${of.say(evidence)} That is ${figure} %.`,
					};
					const problems = checkClaims({...step, step: {...step.step, analysis: [typedIn]}}, records);
					return problems.some(problem => problem.includes(` states ${figure}, which no record gives`));
				},
			),
			{numRuns: 60},
		),
	);
});

test('a sentence that can be made from these records alone is reported', t => {
	const {problems} = checked(
		claim(
			({self}) => {
				if (self.seeds.length !== 5) {
					throw new Error('not these records');
				}

				return 'It reaches 99.93 %.';
			},
			({self, from}) => rose(from, self, 'test'),
		),
	);
	t.regex(problems.join(), /`say` of claim 1, for records with other figures, threw: Error: not these records$/);
});
