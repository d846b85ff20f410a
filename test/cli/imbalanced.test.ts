import test from 'ava';
import {resealRun} from '../helpers/forger.js';
import {imbalancedLadder} from '../helpers/imbalanced-ladder.js';

const noise = 0;
const clear = 255;

test('a model that answers the most common class of pure noise is a success nowhere', async t => {
	const ladder = imbalancedLadder(t, {
		mark: noise,
		target: 'testAccuracy: 0.95',
		goal: 'testAccuracy: 0.95, heldFor: 2',
		analysis: `claim(({self}) => 'Every seed held it.', ({self}) => self.held.count === self.held.of)`,
	});
	const trained = await ladder.run(['train', '--step', 'parts', '--seeds', '1-2', '--strict']);
	t.is(trained.exitCode, 3, trained.stderr);
	t.regex(trained.stdout, /^Seed 1, last 2 epochs: 95\.00, 95\.00 \(not held: good for every image\)$/m);
	t.regex(
		trained.stdout,
		/^Verdict: 0 of 2 seeds held >= 95\.00 % in each of the last 2 epochs\. Always answering good gets 95\.00 %, which reaches the target: reaching it shows no learning\. Seeds 1, 2 predict good for every test image, and so miss every target\.$/m,
	);

	const json = await ladder.run(['train', '--step', 'parts', '--json', '--out', 'json']);
	const result = JSON.parse(json.stdout.split('\n').at(-1) ?? '');
	t.deepEqual(result.held, {count: 0, of: 1});
	t.is(result.trivial, true);
	t.deepEqual(result.constantAnswer, {class: 'good', value: 0.95});
	t.is(result.seeds[0].constant, 'good');
	t.deepEqual(result.seeds[0].measures.confusion, [
		[190, 0],
		[10, 0],
	]);

	const listed = await ladder.run(['runs', 'json', '--json']);
	t.is(JSON.parse(listed.stdout)[0].held, false);
	const recorded = await ladder.run(['record', '--step', 'parts', '--seeds', '1-3']);
	t.is(recorded.exitCode, 1, 'its claim is false');
	t.regex(recorded.stderr, /Every seed held it/);

	const table = await ladder.run(['ladder']);
	t.regex(table.stdout, / 0\/3 \(trivial\)$/m);
	t.regex(table.stdout, /Goal: at least 95\.00 % of the test images in each of the last 2 epochs\. Not reached yet\.$/);
	t.is(JSON.parse((await ladder.run(['ladder', '--format', 'json'])).stdout)[0].result.trivial, true);

	ladder.write('steps/0-parts.ts', ladder.read('steps/0-parts.ts').replace(/analysis: \[.*\]/, 'analysis: []'));
	t.is((await ladder.run(['record', '--text'])).exitCode, 0);
	const block = ladder.read('steps/0-parts.ts').replace(/\s+/g, ' ');
	t.regex(block, /Result: Missed: held by 0 of 3 seeds/);
	t.regex(
		block,
		/Always answering good gets 95\.00 %, which reaches the target: reaching it shows no learning\. Seeds 1, 2, 3 predict good for every test image/,
	);
	t.is((await ladder.run(['record', '--check'])).exitCode, 0);

	t.is((await ladder.run(['report'])).exitCode, 0);
	const page = ladder.read('report/report.md');
	t.regex(page, /^\*\*No step reaches the goal yet: .* reaching it shows no learning\. .*\*\*$/m);
	t.regex(page, /^Trivial: always answering the most common class reaches the target too, so it shows no learning\.$/m);
	t.regex(
		page,
		/^\| defect \| 10 \| 0\.00 \(0\.00 to 0\.00\) \| 0\.00 \(0\.00 to 0\.00\) \| 0\.00 \(0\.00 to 0\.00\) \|$/m,
	);

	t.is((await ladder.run(['report', 'runs/parts', '--out', 'pages'])).exitCode, 0);
	const runs = ladder.read('pages/runs.md');
	t.regex(runs, /^parts: Always answering good gets 95\.00 %, which reaches the target/m);
	t.regex(runs, /^parts: Seeds 1, 2 predict good for every test image/m);
	t.regex(runs, /\| 0\/2 \(trivial\) \|/m);
});

test('a target that a constant answer reaches too is no success, even if a model learns', async t => {
	const ladder = imbalancedLadder(t, {mark: clear, target: 'testAccuracy: 0.9', goal: 'testAccuracy: 0.9'});
	const {stdout} = await ladder.run(['train', '--step', 'parts', '--json']);
	const result = JSON.parse(stdout.split('\n').at(-1) ?? '');
	t.deepEqual(result.held, {count: 1, of: 1});
	t.true(result.trivial);
	t.is(result.seeds[0].constant, undefined);
	t.is((await ladder.run(['record', '--step', 'parts', '--seeds', '1-2'])).exitCode, 0);
	t.regex(ladder.read('steps/0-parts.ts'), /^Result: Trivial: reached by 2 of 2 seeds/m);
	t.regex((await ladder.run(['ladder'])).stdout, / 2\/2 \(trivial\)$/m);
	t.regex((await ladder.run(['ladder'])).stdout, /Not reached yet\./);
	t.is((await ladder.run(['report'])).exitCode, 0);
	t.notRegex(ladder.read('report/report.md'), /reaches the goal:/);
});

for (const [name, target, phrase] of [
	['balanced accuracy', `metric: 'balancedAccuracy', atLeast: 0.9`, '90.00 % balanced accuracy'],
	['macro F1', `metric: 'macroF1', atLeast: 0.9`, '90.00 % macro F1'],
	['the recall of a class', `metric: {recall: 'defect'}, atLeast: 0.9`, '90.00 % recall of defect'],
] as const) {
	test(`a target on ${name} is held by a model that learns, recorded, checked and replayed`, async t => {
		const ladder = imbalancedLadder(t, {
			...{mark: clear, target, goal: `${target}, heldFor: 2`},
			analysis: `claim(
	({self}) => \`It finds \${percent(ofClass(self, 'defect').recall.mean)} % of the defects, macro F1 \${percent(measureOf(self, 'macroF1').mean)} %.\`,
	({self}) => ofClass(self, 'defect').recall.mean > 0.9 && self.held.count === 2,
)`,
		});
		const recorded = await ladder.run(['record', '--step', 'parts', '--seeds', '1-2']);
		t.is(recorded.exitCode, 0, recorded.stderr);
		const block = ladder.read('steps/0-parts.ts').replace(/\s+/g, ' ');
		t.true(block.includes(`Target: At least ${phrase} on the test images in each of the last 2 epochs`), block);
		t.regex(block, /Result: Held by 2 of 2 seeds/);
		t.is(ladder.read('records/0-parts/classes.jsonl').trimEnd().split('\n').length, 12);
		const table = await ladder.run(['ladder']);
		t.regex(table.stdout, / 2\/2$/m);
		t.regex(table.stdout, /Reached first by parts, with every seed\.$/);
		const checked = await ladder.run(['record', '--check', '--replay', 'all']);
		t.is(checked.exitCode, 0, checked.stdout + checked.stderr);
		const grown = await ladder.run(['new-step', 'next', '--from', 'parts']);
		t.is(grown.exitCode, 0, grown.stderr);
		t.true(ladder.read('steps/1-next.ts').includes('atLeast: 0.9'));

		const noisy = imbalancedLadder(t, {mark: noise, target});
		const missed = await noisy.run(['train', '--step', 'parts', '--quiet', '--strict']);
		t.is(missed.exitCode, 3, missed.stderr);
		t.true(missed.stdout.includes(`Verdict: 0 of 1 seeds held >= ${phrase} in each of the last 2 epochs.`));
	});
}

test('the recall of a class that the data do not have is refused with the class that is meant', async t => {
	const ladder = imbalancedLadder(t, {mark: clear, target: `metric: {recall: 'defects'}, atLeast: 0.9`});
	const {exitCode, stderr} = await ladder.run(['train', '--step', 'parts']);
	t.is(exitCode, 2);
	t.is(
		stderr,
		'stepladder: `target.metric.recall` should be a class of the data, got "defects" (did you mean `defect`?)',
	);
});

test('`compare` shows recall and F1 by class with intervals', async t => {
	const ladder = imbalancedLadder(t, {mark: clear, target: 'testAccuracy: 0.99'});
	for (const [out, options] of [
		['a', []],
		['b', ['--set', 'schedule.learningRate=0.0001']],
	] as const) {
		const {exitCode, stderr} = await ladder.run([
			'train',
			'--step',
			'parts',
			'--seeds',
			'1-3',
			'--out',
			out,
			...options,
		]);
		t.is(exitCode, 0, stderr);
	}

	const text = await ladder.run(['compare', 'a', 'b']);
	t.regex(text.stdout, /^By class, after the last epoch:$/m);
	t.regex(text.stdout, /^macro F1 on the test images after the last epoch /m);
	const {comparisons} = JSON.parse((await ladder.run(['compare', 'a', 'b', '--json'])).stdout);
	const defect = comparisons[0].classes.find((found: {class: string}) => found.class === 'defect');
	t.is(defect.count, 10);
	const {a, b, difference, low, high} = defect.recall;
	t.true(Math.abs(a - b - difference) < 1e-12 && low <= difference && difference <= high);
});

test('a run whose ranks contradict its labels is reported as damaged', async t => {
	const ladder = imbalancedLadder(t, {mark: clear, target: 'testAccuracy: 0.99'});
	const {stdout} = await ladder.run(['train', '--step', 'parts', '--json', '--out', 'a']);
	const {folder} = JSON.parse(stdout.split('\n').at(-1) ?? '').seeds[0];
	const file = `a/parts/${folder.split('/').at(-1)}/predictions.json`;
	const answers = JSON.parse(ladder.read(file));
	t.deepEqual(Object.keys(answers), ['labels', 'probabilities', 'expected', 'ranks']);
	for (const [change, reason] of [
		[
			{ranks: answers.ranks.with(0, 3 - answers.ranks[0])},
			/image 0 is predicted as class \d and is of class 1, which should not have rank \d/,
		],
		[{ranks: answers.ranks.slice(1)}, /it should have a class and a rank for each of 200 predictions/],
		[{ranks: undefined}, /it should have a class and a rank for each of 200 predictions/],
	] as const) {
		ladder.write(file, `${JSON.stringify({...answers, ...change})}\n`);
		resealRun(`${ladder.folder}/${file.replace('/predictions.json', '')}`);
		const {exitCode, stderr} = await ladder.run(['report', 'a']);
		t.is(exitCode, 5, stderr);
		t.regex(stderr, reason);
	}
});
