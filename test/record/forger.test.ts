import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {openLadder, StepladderError} from '../../ts/index.js';
import {checkLadder} from '../../ts/record/check.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {reseal} from '../helpers/forger.js';
import {ladder as original} from '../helpers/mnist.js';
import {Project} from '../helpers/project.js';

const data = await original.data.open(original.folder);

/** Returns the sentences of `record --check` for a copy of the ladder, one per line. */
const check = async (project: Project, reopenData = false): Promise<string> => {
	try {
		const ladder = await openLadder(project.folder);
		const read = reopenData ? await ladder.data.open(ladder.folder) : data;
		return checkLadder(new LadderRecords(ladder), read, ladder.entries).join('\n').replaceAll(`${project.folder}/`, '');
	} catch (error) {
		if (error instanceof StepladderError) {
			return error.message.replaceAll(`${project.folder}/`, '');
		}

		throw error;
	}
};

const folder = 'records/3-dropout';
const record = `${folder}/record.json`;
const promise = `${folder}/promise.json`;
const epochs = `${folder}/epochs.csv`;
const answers = `${folder}/predictions.jsonl`;
const step = 'steps/3-dropout.ts';

/** An edit of a file, and the sentence that reports it. */
type Forgery = readonly [file: string, pattern: RegExp | string, replacement: string, reported: RegExp];

/** Edits after which all checksums are recomputed. */
const forgeries: readonly Forgery[] = [
	// seeds
	[record, '"seed": 1,', '"seed": 2,', /3-dropout: seed 2 appears twice/],
	[record, /"seed": \d/g, '"seed": 1', /3-dropout: seed 1 appears twice/],
	[record, '"seed": 1,', '"seed": 6,', /row 1 of the epochs should be epoch 1 of seed 6, it is epoch 1 of seed 1/],
	[record, '"seed": 1,', '"seed": -1,', /record\.json: `seeds\.0\.seed` should be a whole number, at least 0, got -1/],
	[record, '"seed": 1,', '"seed": 1.5,', /`seeds\.0\.seed` should be a whole number, at least 0, got 1\.5/],
	[record, '"seed": 1,', '"seed": 9007199254740993,', /`seeds\.0\.seed` should be a whole number/],
	[record, '"seed": 1,', '"seed": "1",', /`seeds\.0\.seed` should be a whole number, at least 0, got "1" \(a string\)/],
	[
		record,
		'"engine": "fused"',
		'"engine": "quantum"',
		/`seeds\.0\.engine` should be one of `fused`, `aten`, got "quantum"/,
	],
	[
		record,
		'"engine": "fused"',
		'"engine": "aten"',
		/3-dropout\.ts, line \d+: the text block says .* on the `fused` engine/,
	],
	[record, '"device": "cpu"', '"device": "cuda"', /seed 1 ran on `fused` and `cuda`, where `fused` can’t run/],
	[record, '"device": "cpu"', '"device": "tpu"', /`seeds\.0\.device` should be one of `cpu`, `cuda`, got "tpu"/],
	[record, '"threads": 1', '"threads": 0', /`seeds\.0\.threads` should be a whole number, at least 1, got 0/],
	[record, '"threads": 1', '"threads": 5000', /seed 1 ran on 5000 threads, where 1024 are the most/],
	[record, /"trainCleanCorrect": \d+/, '"trainCleanCorrect": 60001', /seed 1 has 60001 of 60000 training images right/],
	[record, /"trainCleanCorrect": \d+/, '"trainCleanCorrect": 59999', /3-dropout\.ts, line \d+: the text block says/],
	[record, /"seconds": [\d.]+/, '"seconds": 3.5', /seed 1 took 3\.5 seconds, and its epochs alone \d+/],
	[record, /"seconds": [\d.]+/, '"seconds": -3', /`seeds\.0\.seconds` should be a number above 0, got -3/],
	[record, '"begun": null', '"begun": "yesterday"', /`seeds\.0\.begun` should be a time such as `2026-/],
	[
		record,
		'"begun": null',
		'"begun": "2026-11-23T00:00:00.000Z"',
		/seed 1 should have both a time when it began and the hashes/,
	],
	[record, '"condition": 0', '"condition": 99', /seed 1 names condition 99, and there is 1, numbered from 0/],
	[record, '"condition": 0', '"condition": -1', /`seeds\.0\.condition` should be a whole number/],
	[record, '"condition": 0', '"condition": 0, "luck": 1', /unknown name `seeds\.0\.luck`/],
	[
		record,
		/,\n\t\t\{\n\t\t\t"seed": 5,.*?\n\t\t\}/s,
		'',
		/row 61 of the epochs should be the end, it is epoch 1 of seed 5/,
	],
	[record, /"seeds": \[.*?\n\t\]/s, '"seeds": []', /`seeds` should be a list of at least one seed/],
	// conditions
	[
		record,
		'"addon": null',
		'"addon": {"file": "abc", "sources": "def"}',
		/`conditions\.0\.addon\.file` should be a sha256, 64 hex digits/,
	],
	[record, /"node": "[^"]*"/, '"node": ""', /`conditions\.0\.versions\.node` should be a text, got ""/],
	[record, '"cores": 2', '"cores": 0', /`conditions\.0\.machine\.cores` should be a whole number, at least 1/],
	[record, '"cuda": false', '"cuda": "no"', /`conditions\.0\.machine\.cuda` should be `true` or `false`/],
	[record, /("conditions": \[)(.*?)(\n\t\])/s, '$1$2,$2$3', /no seed ran under condition 1/],
	[record, '"conditions": [', '"luck": 1, "conditions": [', /record\.json: unknown name `luck`/],
	// epochs
	[
		epochs,
		/^1,7,[^,]*,\d+,[^,]*,\d+/m,
		'1,7,0.02,59600,0.02,10007',
		/epoch 7 of seed 1 has 10007 of 10000 test images right/,
	],
	[epochs, /^(1,7,[^,]*),\d+/m, '$1,60600', /epoch 7 of seed 1 has 60600 of 60000 training images right/],
	[
		epochs,
		/^(1,7,[^,]*),\d+/m,
		'$1,-1',
		/epochs\.csv, line 8: `trainCorrect` should be a whole number, at least 0, got -1/,
	],
	[
		epochs,
		/^(1,7,[^,]*),\d+/m,
		'$1,59000.5',
		/line 8: `trainCorrect` should be a whole number, at least 0, got 59000\.5/,
	],
	[epochs, /^1,7,[^,]*/m, '1,7,-1', /line 8: `trainLoss` should be a number, at least 0, got -1/],
	[epochs, /^1,7,[^,]*/m, '1,7,much', /line 8: `trainLoss` should be a number, at least 0, got NaN/],
	[epochs, /^1,7,[^,]*/m, '1,7,Infinity', /line 8: `trainLoss` should be a number, at least 0, got Infinity/],
	[
		epochs,
		/^1,7,[^,]*/m,
		'1,7,0.000001',
		/epoch 7 of seed 1 has a training loss of 0\.000001, and its \d+ mistakes alone make 0\.0/,
	],
	[
		epochs,
		/^(1,7,[^,]*,\d+),[^,]*/m,
		'$1,0.0001',
		/epoch 7 of seed 1 has a test loss of 0\.0001, and its \d+ mistakes alone make 0\.00/,
	],
	[
		epochs,
		/^(1,15,[^,]*,\d+),[^,]*/m,
		'$1,0.0095',
		/seed 1 has a test loss of 0\.0095 in its last epoch, and its mistakes alone make 0\.0/,
	],
	[epochs, /^(1,15,.*),[\d.]+,(\w+)$/m, '$1,0,$2', /line 16: `seconds` should be a number above 0, got 0/],
	[epochs, /^(1,15,[^,]*,\d+,[^,]*),\d+/m, '$1,9932', /seed 1 has 69 mistakes, and 68 by its last epoch/],
	[epochs, /^(1,14,[^,]*,\d+,[^,]*),\d+/m, '$1,9990', /3-dropout\.ts, line \d+: the text block says/],
	[epochs, /^1,7,/m, '1,7.5,', /line 8: `epoch` should be a whole number, at least 1, got 7\.5/],
	[epochs, /^1,7,/m, '1,0,', /line 8: `epoch` should be a whole number, at least 1, got 0/],
	[epochs, /^1,15,/m, '1,16,', /row 15 of the epochs should be epoch 15 of seed 1, it is epoch 16 of seed 1/],
	[epochs, /^1,7,.*\n/m, '', /row 7 of the epochs should be epoch 7 of seed 1, it is epoch 8 of seed 1/],
	[epochs, /^(1,7,.*\n)/m, '$1$1', /row 8 of the epochs should be epoch 8 of seed 1, it is epoch 7 of seed 1/],
	[
		epochs,
		/^(1,7,.*\n)(1,8,.*\n)/m,
		'$2$1',
		/row 7 of the epochs should be epoch 7 of seed 1, it is epoch 8 of seed 1/,
	],
	[epochs, /^1,7,/m, '9,7,', /row 7 of the epochs should be epoch 7 of seed 1, it is epoch 7 of seed 9/],
	[
		epochs,
		'trainCorrect,testLoss,testCorrect',
		'testCorrect,testLoss,trainCorrect',
		/epochs\.csv, line 1: the columns should be seed,epoch,/,
	],
	[epochs, /^(1,7,[^,]*), ?/m, '$1, ', /epochs\.csv: line 8 is not as `record` writes it/],
	[epochs, /^(1,7,.*),(\w+)$/m, '$1,99.9,$2', /epochs\.csv: line 8 is not as `record` writes it/],
	[epochs, /$/, '5,16,0.1,59000,0.1,9900,4.1,0\n', /row 76 of the epochs should be the end, it is epoch 16 of seed 5/],
	// predictions
	[
		answers,
		'"seed":1,"labels":"7',
		'"seed":1,"labels":"1',
		/seed 1 is wrong about image 0 by its labels, and its recorded mistakes differ/,
	],
	[answers, '"seed":1,"labels":"7', '"seed":1,"labels":"', /seed 1 has predictions of 9999 images, there are 10000/],
	[
		answers,
		'"seed":1,"labels":"7',
		'"seed":1,"labels":"x',
		/predictions\.jsonl, line 1: `labels` should be digits, got "x/,
	],
	[answers, /"mistakes":\{[^}]*\}/, '"mistakes":{}', /seed 1 has 0 mistakes, and 69 by its last epoch/],
	[answers, /"mistakes":\{("\d+":[\d.]+),/, '"mistakes":{', /seed 1 has 68 mistakes, and 69 by its last epoch/],
	[
		answers,
		/"mistakes":\{"\d+"/,
		'"mistakes":{"0"',
		/seed 1 is right about image 0 by its labels|seed 1 is wrong about image \d+ by its labels/,
	],
	[
		answers,
		/("mistakes":\{.*?)("\d+")(:[\d.]+\})/,
		'$1"10000"$3',
		/seed 1 has a mistake in image "10000", and there is no such image/,
	],
	[
		answers,
		/"mistakes":\{"\d+"/,
		'"mistakes":{"first"',
		/seed 1 has a mistake in image "first", and there is no such image/,
	],
	[
		answers,
		/("mistakes":\{"\d+"):[\d.]+/,
		'$1:1.5',
		/line 1: `mistakes\.\d+` should be above 0 and at most 1, got 1\.5/,
	],
	[
		answers,
		/("mistakes":\{"\d+"):[\d.]+/,
		'$1:0.05',
		/gives the likeliest class of image \d+ a probability of 0\.05: one of 10 classes has more/,
	],
	[
		answers,
		/(?<="\d+"):0\.\d+/g,
		':0.9999',
		/seed 1 has a test loss of [\d.]+ in its last epoch, and its mistakes alone make/,
	],
	[answers, /^\{"seed":1,.*\n/, '', /line 1 of the predictions should be seed 1, it is seed 2/],
	[answers, /^(.*\n)(.*\n)/, '$2$1', /line 1 of the predictions should be seed 1, it is seed 2/],
	[answers, '{"seed":1,', '{"seed":7,', /line 1 of the predictions should be seed 1, it is seed 7/],
	[answers, '{"seed":1,', '{"luck":1,"seed":1,', /line 1: unknown name `luck`/],
	// preregistrations
	[
		promise,
		'"testAccuracy": 0.99',
		'"testAccuracy": 0.98',
		/promise\.json: `target\.testAccuracy` was preregistered as 0\.98, and is 0\.99 in the step now; put it back, or record again/,
	],
	[
		promise,
		'"testAccuracy": 0.99',
		'"testAccuracy": 99',
		/promise\.json: `target\.testAccuracy` should be a fraction above 0 and at most 1/,
	],
	[promise, '"heldFor": 3', '"heldFor": 1', /`target\.heldFor` was preregistered as 1, and is 3 in the step now/],
	[promise, '"heldFor": 3', '"heldFor": 30', /the target is to be held for 30 epochs, and there are 15/],
	[
		promise,
		/"maxParameters": \d+/,
		'"maxParameters": 100',
		/it has 13312 parameters, and the preregistration allows 100/,
	],
	[promise, /"maxEpochs": \d+/, '"maxEpochs": 3', /it has 15 epochs, and the preregistration allows 3/],
	[
		promise,
		'the gap should shrink',
		'the gap may grow',
		/`why` was preregistered as "?\.* ?.*the gap may grow.*, and is .*the gap should shrink/,
	],
	[promise, /"why": ".*"/, '"why": ""', /`why` should be a text, got ""/],
	[
		promise,
		'"step": "dropout"',
		'"step": "batch-norm"',
		/`step` was preregistered as "batch-norm", and is "dropout" in the step now/,
	],
	[
		promise,
		'"from": "batch-norm"',
		'"from": "base-skeleton"',
		/`from` was preregistered as "base-skeleton", and is "batch-norm" in the step now/,
	],
	[
		promise,
		'"from": "batch-norm"',
		'"from": null',
		/`from` was preregistered as none, and is "batch-norm" in the step now/,
	],
	[
		promise,
		'"dropout": 0.03',
		'"dropout": 0.3',
		/`experiment\.net\.block\.dropout` was preregistered as 0\.3, and is 0\.03 in the step now/,
	],
	[
		promise,
		'"learningRate": 0.01',
		'"learningRate": 42',
		/`experiment\.schedule\.learningRate` was preregistered as 42, and is 0\.01 in the step now/,
	],
	[promise, '"learningRate": 0.01', '"learningRate": -1', /promise\.json: `schedule\.learningRate` should be/],
	[
		promise,
		/"epochs": 15/,
		'"epochs": 14',
		/row 15 of the epochs should be epoch 1 of seed 2, it is epoch 15 of seed 1/,
	],
	[promise, '"channels": 16,', '"channels": 17,', /`experiment\.net\.body` was preregistered as/],
	[promise, /"hash": "c/, '"hash": "d', /`data\.hash` was preregistered as "da.*, and is "ca.* in the ladder now/],
	[promise, /"hash": "c/, '"hash": "', /`data\.hash` should be a sha256, 64 hex digits/],
	[promise, '"train": 60000', '"train": 50000', /seed 1 has \d+ of 50000 training images right/],
	[promise, '"test": 10000', '"test": 9999', /seed 1 has predictions of 10000 images, there are 9999/],
	[
		promise,
		'"name": "MNIST"',
		'"name": "Digits"',
		/`data\.name` was preregistered as "Digits", and is "MNIST" in the ladder now/,
	],
	[
		promise,
		'"size": 28,\n\t\t"classes": [\n',
		'"size": 27,\n\t\t"classes": [\n',
		/the preregistered data do not fit the preregistered net/,
	],
	[
		promise,
		/("target": \{\n\t\t\t"commit": ")60be/,
		'$1beef',
		/the text block says .*60be2c3|line \d+: the text block says/,
	],
	[promise, '2026-11-22T23:09:56.000Z', '2026-11-21T23:09:56.000Z', /3-dropout\.ts, line \d+: the text block says/],
	[
		promise,
		/(?<="result": \{\n\t\t\t"commit": ")c0c9/,
		'beef',
		/the commits of `why` and of the result and their times should be the same, or both differ/,
	],
	[promise, /"by": "history"/, '"by": "hearsay"', /`made\.by` should be one of `record`, `history`/],
	[
		promise,
		/"time": "2026-11-22T23:09:56.000Z"/,
		'"time": "2026-13-22"',
		/`made\.target\.time` should be a time such as/,
	],
	[promise, '"seeds": null', '"seeds": []', /promise\.json: `seeds` should be a list of at least one seed, got \[\]/],
	[
		promise,
		'"seeds": null',
		'"seeds": [1, 2, 3, 4, 6]',
		/record\.json: it has seeds 1, 2, 3, 4, 5, and 1, 2, 3, 4, 6 were preregistered/,
	],
	[
		promise,
		/"made": \{.*?\n\t\}/s,
		'"made": {"by": "record", "time": "2026-11-22T23:00:00.000Z", "version": "0.1.0", "commit": null, "again": false}',
		/3-dropout: the preregistered seeds are missing/,
	],
	// steps and their text blocks
	[
		step,
		'testAccuracy: 0.99,',
		'testAccuracy: 0.985,',
		/promise\.json: `target\.testAccuracy` was preregistered as 0\.99, and is 0\.985 in the step now/,
	],
	[
		step,
		'maxParameters: 15_000',
		'maxParameters: 14_000',
		/`target\.maxParameters` was preregistered as 15000, and is 14000 in the step now/,
	],
	[
		step,
		"'99 % should still hold.",
		"'99 % may be lost.",
		/`why` was preregistered as .*should still hold.*, and is .*may be lost/,
	],
	[
		step,
		'testAccuracy: 0.99,',
		"testAccuracy: 0.99, primary: 'gap',",
		/`target\.primary` was preregistered as none, and is "gap" in the step now/,
	],
	[
		step,
		'dropout: 0.03',
		'dropout: 0.04',
		/`experiment\.net\.block\.dropout` was preregistered as 0\.03, and is 0\.04 in the step now/,
	],
	[
		'steps/6-lr-scheduler.ts',
		'pctStart: 0.2',
		'pctStart: 0.3',
		/6-lr-scheduler\/promise\.json: `experiment\.schedule\.pctStart` was preregistered as 0\.2, and is 0\.3 in the step now; put it back, or record again: npm run record -- --step lr-scheduler --fresh --ladder \S+$/m,
	],
	[
		step,
		"=> fell(self, from, 'gap')",
		"=> !fell(self, from, 'gap')",
		/3-dropout\.ts: claim 1 is false by the records: “/,
	],
	[step, "fell(self, from, 'gap'),", '(self.record as never)[0][1],', /3-dropout\.ts: claim 1 can’t be evaluated: /],
	[step, /^- The gap between/m, '- The chasm between', /3-dropout\.ts, line \d+: the text block says "- The chasm/],
	[step, '`The gap between', '`The chasm between', /3-dropout\.ts, line \d+: the text block says "- The gap/],
	[
		step,
		/^Target: At least 99\.00/m,
		'Target: At least 99.20',
		/3-dropout\.ts, line 2: the text block says "Target: At least 99\.20/,
	],
	[
		step,
		/^( {2}Promised: .*\n)(?: {2}.*\n)*/m,
		'',
		/3-dropout\.ts, line \d+: the text block says .*, the records say " {2}Promised: /,
	],
	[
		step,
		/^(Result: )Held/m,
		'$1Surpassed',
		/line \d+: the text block says "Result: Surpassed .*npm run record -- --text --ladder \S+$/m,
	],
	[step, /^\*\//m, '- It is the best of all.\n*/', /the text block says "- It is the best of all\."/],
	[step, /^\/\*.*?\*\/\n\n/s, '', /3-dropout\.ts, line 1: the text block says "", the records say "\/\*"/],
	[
		step,
		/$/,
		'\n// Result: Held by 5 of 5 seeds.\n',
		/line \d+: "\/\/ Result: Held .*" stands outside of the step’s text block/,
	],
	[step, /^/, '/** Result: Held by 5 of 5 seeds. */\n', /line 1: .* stands outside of the step’s text block/],
	// claims
	[step, '({self}) => shareOfLast(self, 1) > 0.5', '() => true', /claim 3 rests on no test and no measure/],
	[
		step,
		'} % are in the last 6x6',
		'} % of 99.99 % are in the last 6x6',
		/claim 3 states 99\.99, which no record gives/,
	],
	[
		step,
		"fell(self, from, 'gap')",
		"fell({...self, gap: {...self.gap, bySeed: new Map([[1, 0], [2, 0]])}}, from, 'gap')",
		/claim 1 can’t be evaluated: the `gap` of `dropout` should be those of its record/,
	],
	// the page and the data
	['README.md', /\| 99\.\d\d ± /, '| 99.99 ± ', /^README\.md, line \d+: the records say "\| /m],
	['README.md', /^\| dropout .*\n/m, '', /^README\.md, line \d+: the records say "\| dropout /m],
	['README.md', /<!-- ladder: .* -->\n/, '', /^README\.md: the marks of the ladder’s table should be there once/m],
	['README.md', /<!-- end of ladder -->\n/, '', /^README\.md: the marks of the ladder’s table should be there once/m],
	['README.md', /<!--.*?-->/gs, '', /^README\.md: the marks of the ladder’s table should be there once/m],
	[
		'README.md',
		/$/,
		'\n<!-- ladder: -->\n\n| 100 % |\n\n<!-- end of ladder -->\n',
		/^README\.md: the marks of the ladder’s table should be there once/m,
	],
	[
		'ladder.ts',
		'data: mnist()',
		"data: {open: async (base) => ({...(await mnist().open(base)), name: 'Digits'})}",
		/`data\.name` was preregistered as "MNIST", and is "Digits" in the ladder now/,
	],
];

const isNamed = test.macro(async (t: ExecutionContext, [file, pattern, replacement, named]: Forgery) => {
	const project = new Project(t);
	project.edit(file, pattern, replacement);
	reseal(project.folder);
	t.regex(await check(project, file === 'ladder.ts'), named);
});

for (const [index, forgery] of forgeries.entries()) {
	const [file, pattern, replacement] = forgery;
	test(
		`forgery ${index + 1} is named: ${file}, ${String(pattern)} becomes ${JSON.stringify(replacement)}`,
		isNamed,
		forgery,
	);
}

test('a record is refused without its preregistration or any of its files', async t => {
	for (const file of [promise, record, epochs, answers]) {
		const project = new Project(t);
		rmSync(path.join(project.folder, file));
		t.regex(await check(project), new RegExp(`${file === record ? folder : file}: `));
	}
});

test('a record from which a seed was removed is found by its text block, and by claims that pair seeds', async t => {
	const project = new Project(t);
	project.edit(record, /\t\t\{\n\t\t\t"seed": 1,.*?\n\t\t\},\n/s, '');
	project.edit(epochs, /^1,.*\n/gm, '');
	project.edit(answers, /^\{"seed":1,.*\n/, '');
	reseal(project.folder);
	const found = await check(project);
	t.regex(
		found,
		/3-dropout\.ts: claim 1 can’t be evaluated: `batch-norm` and `dropout` should have the same seeds to be paired, they have 1, 2, 3, 4, 5 and 2, 3, 4, 5$/m,
	);
	t.regex(found, /^README\.md, line \d+: the records say "\| dropout .* 4\/4 \|"/m);
});

test('a change of any character of any record is found', async t => {
	const project = new Project(t);
	const ladder = await openLadder(project.folder);
	const files = ladder.entries.flatMap(entry =>
		['record.json', 'promise.json', 'epochs.csv', 'predictions.jsonl'].map(name => ({
			entry,
			file: path.join(entry.record, name),
		})),
	);
	const flip = fc.record({
		where: fc.constantFrom(...files),
		at: fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}),
		to: fc.constantFrom(...'0123456789.-eE,"{}[]: aTfnx\n'),
	});
	await fc.assert(
		fc.asyncProperty(flip, async ({where: {entry, file}, at, to}) => {
			const text = readFileSync(file, 'utf8');
			const index = Math.floor(at * text.length);
			fc.pre(text[index] !== to);
			writeFileSync(file, text.slice(0, index) + to + text.slice(index + 1));
			const found = checkLadder(new LadderRecords(ladder), data, [entry]);
			writeFileSync(file, text);
			t.true(
				found.some(sentence => sentence.includes(path.basename(entry.record))),
				`${file}, character ${index}: ${JSON.stringify(text.slice(index - 20, index + 20))}`,
			);
		}),
		{numRuns: 100},
	);
});
