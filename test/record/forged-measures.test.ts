import {cpSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {openLadder, StepladderError} from '../../ts/index.js';
import {checkLadder} from '../../ts/record/check.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {temporaryFolder} from '../helpers/folder.js';
import {resealWithLedger} from '../helpers/forger.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** A ladder whose one step has a target on macro F1, recorded with a seed after two epochs: half of the images are wrong. */
let recorded = '';

test.before(async t => {
	const ladder = tinyLadder({teardown: () => {}}, {epochs: 2, train: 200});
	const step = ladder.read('steps/0-tiny.ts').replace('testAccuracy: 0.5', `metric: 'macroF1', atLeast: 0.001`);
	ladder.write('steps/0-tiny.ts', step);
	const {exitCode, stderr} = await ladder.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is(exitCode, 0, stderr);
	recorded = ladder.folder;
});

test.after.always(() => rmSync(recorded, {recursive: true, force: true}));

type Json = Record<string, unknown>;
type Mistakes = Record<string, number>;
type Line = Json & {
	labels: string;
	mistakes: Mistakes;
	evaluation: {expected: Mistakes; ranks: Mistakes; calibration: number[][]};
};

/** Returns the sentences of `record --check` for a copy of that ladder after an edit that has the right checksums. */
const check = async (t: ExecutionContext, edit: (folder: string) => void): Promise<string> => {
	const folder = path.join(temporaryFolder(t), 'ladder');
	cpSync(recorded, folder, {recursive: true});
	edit(path.join(folder, 'records', '0-tiny'));
	resealWithLedger(folder);
	try {
		const ladder = await openLadder(folder);
		const data = await ladder.data.open(ladder.folder);
		return checkLadder(new LadderRecords(ladder), data, ladder.entries).join('\n');
	} catch (error) {
		if (error instanceof StepladderError) {
			return error.message;
		}

		throw error;
	}
};

/** Edits a line of JSON in a file of the record. */
const editLine = (folder: string, file: string, index: number, edit: (line: never) => void): void => {
	const name = path.join(folder, file);
	const lines = readFileSync(name, 'utf8').trimEnd().split('\n');
	const line = JSON.parse(lines[index] ?? '');
	edit(line as never);
	writeFileSync(name, `${lines.with(index, JSON.stringify(line)).join('\n')}\n`);
};

const predictions = (edit: (line: Line) => void) => (folder: string) => editLine(folder, 'predictions.jsonl', 0, edit);

const classes = (index: number, edit: (line: {predicted: number[]; correct: number[]} & Json) => void) => {
	return (folder: string) => editLine(folder, 'classes.jsonl', index, edit);
};

const first = (entries: Mistakes): string => Object.keys(entries)[0] ?? '';

/** Edits of a record, and the sentence that reports each. */
const forgeries: ReadonlyArray<readonly [name: string, edit: (folder: string) => void, reported: RegExp]> = [
	[
		'the class of a mistake is another',
		predictions(({labels, evaluation: {expected}}) => {
			const image = first(expected);
			const others = [0, 1, 2].filter(label => label !== expected[image] && String(label) !== labels[Number(image)]);
			expected[image] = others[0] ?? 0;
		}),
		/image \d+ is of class \d by the record of seed 1, and of class \d by the test labels|do not fit its/,
	],
	[
		'the class of a mistake is the predicted one',
		predictions(({labels, evaluation: {expected}}) => {
			expected[first(expected)] = Number(labels[Number(first(expected))]);
		}),
		/seed 1 can’t be wrong about image \d+ if it is of class \d/,
	],
	[
		'the class of a mistake does not exist',
		predictions(({evaluation: {expected}}) => {
			expected[first(expected)] = 12;
		}),
		/seed 1 can’t be wrong about image \d+ if it is of class 12/,
	],
	[
		'a mistake has rank 1',
		predictions(({evaluation: {ranks}}) => {
			ranks[first(ranks)] = 1;
		}),
		/seed 1 ranks the class of image \d+ 1, and a mistake has a rank from 2 to 10/,
	],
	[
		'a rank is beyond the classes',
		predictions(({evaluation: {ranks}}) => {
			ranks[first(ranks)] = 11;
		}),
		/ranks the class of image \d+ 11/,
	],
	[
		'all ranks are the last',
		predictions(({evaluation: {ranks}}) => {
			for (const image of Object.keys(ranks)) {
				ranks[image] = 10;
			}
		}),
		/seed 1 has a test loss of [\d.]+ in its last epoch, and its ranks and calibration make [\d.]+/,
	],
	[
		'a mistake has no rank',
		predictions(({evaluation: {ranks}}) => {
			delete ranks[first(ranks)];
		}),
		/seed 1 should have the class and the rank of each of its \d+ mistakes/,
	],
	[
		'a bin of the calibration has more right',
		predictions(({evaluation: {calibration}}) => {
			const bin = calibration.find(([count = 0, correct = 0]) => correct < count) ?? [];
			bin[1] = (bin[1] ?? 0) + 1;
		}),
		/the calibration of seed 1 should have 15 bins of 60 predictions, \d+ of them right/,
	],
	[
		'a right image is moved to another bin of the calibration',
		predictions(({evaluation: {calibration}}) => {
			const from = calibration.find(([, correct = 0]) => correct > 0) ?? [];
			const to = calibration[0] ?? [];
			[from[0], from[1]] = [(from[0] ?? 0) - 1, (from[1] ?? 0) - 1];
			[to[0], to[1]] = [(to[0] ?? 0) + 1, (to[1] ?? 0) + 1];
		}),
		/bin \d+ of the calibration of seed 1 does not fit its mistakes/,
	],
	[
		'a bin of the calibration is more confident',
		predictions(({evaluation: {calibration}}) => {
			const bin = calibration.find(([count = 0]) => count > 0) ?? [];
			bin[2] = (bin[2] ?? 0) + 0.2 * (bin[0] ?? 0);
		}),
		/bin \d+ of the calibration of seed 1 does not fit its mistakes/,
	],
	[
		'a bin of the calibration is missing',
		predictions(({evaluation: {calibration}}) => {
			calibration.pop();
		}),
		/the calibration of seed 1 should have 15 bins/,
	],
	[
		'the classes of the predictions are missing, as in older records',
		predictions(line => {
			delete (line as Json).evaluation;
		}),
		/seed 1 has test images by class in its epochs, and its predictions have no classes/,
	],
	[
		'the epochs have no counts by class',
		folder => rmSync(path.join(folder, 'classes.jsonl')),
		/the target is not on accuracy, and the test images by class are missing \(classes\.jsonl\)/,
	],
	[
		'a class has more right in an epoch',
		classes(0, ({correct}) => {
			correct[0] = (correct[0] ?? 0) + 1;
		}),
		/the test images by class of epoch 1 of seed 1 do not fit its \d+ of 60 right/,
	],
	[
		'a prediction is counted for another class in the last epoch',
		classes(1, ({predicted, correct}) => {
			const from = predicted.findIndex((count, label) => count > (correct[label] ?? 0));
			const to = (from + 1) % predicted.length;
			predicted[from] = (predicted[from] ?? 0) - 1;
			predicted[to] = (predicted[to] ?? 0) + 1;
		}),
		/the last epoch of seed 1 has other predictions of class \d than its labels/,
	],
	[
		'an epoch has a class less',
		classes(0, ({predicted}) => {
			predicted.pop();
		}),
		/the test images by class of epoch 1 of seed 1 do not fit/,
	],
	[
		'the counts are of another epoch',
		classes(1, line => {
			(line as Json).epoch = 1;
		}),
		/classes\.jsonl, line 2: it should be epoch 2 of seed 1, it is epoch 1 of seed 1/,
	],
	[
		'the counts have an epoch less',
		folder => {
			const file = path.join(folder, 'classes.jsonl');
			writeFileSync(file, `${readFileSync(file, 'utf8').split('\n')[0]}\n`);
		},
		/classes\.jsonl: it has 1 epochs, and there are 2/,
	],
	[
		'the counts have an unknown name',
		classes(0, line => {
			(line as Json).luck = 1;
		}),
		/classes\.jsonl, line 1: unknown name `luck`/,
	],
	[
		'the target is lower',
		folder => {
			const file = path.join(folder, 'promise.json');
			writeFileSync(file, readFileSync(file, 'utf8').replace('"atLeast": 0.001', '"atLeast": 0.0001'));
		},
		/`target\.atLeast` was preregistered as 0\.0001, and is 0\.001 in the step now/,
	],
	[
		'the target is on another metric',
		folder => {
			const file = path.join(folder, 'promise.json');
			writeFileSync(file, readFileSync(file, 'utf8').replace('"macroF1"', '"luck"'));
		},
		/promise\.json: `target\.metric` should be `balancedAccuracy`, `macroF1` or `\{recall: CLASS\}`, got "luck"/,
	],
	[
		'the target has both forms',
		folder => {
			const file = path.join(folder, 'promise.json');
			writeFileSync(
				file,
				readFileSync(file, 'utf8').replace('"metric": "macroF1"', '"testAccuracy": 0.5,\n\t\t"metric": "macroF1"'),
			);
		},
		/promise\.json: `target\.metric` should be left out beside `testAccuracy`/,
	],
];

test('the record agrees as it was written', async t => {
	t.is(await check(t, () => {}), '');
});

for (const [name, edit, reported] of forgeries) {
	test(`found: ${name}`, async t => {
		t.regex(await check(t, edit), reported);
	});
}

test('an edit that keeps its old checksum is found', async t => {
	const folder = path.join(temporaryFolder(t), 'ladder');
	cpSync(recorded, folder, {recursive: true});
	const file = path.join(folder, 'records', '0-tiny', 'classes.jsonl');
	writeFileSync(file, readFileSync(file, 'utf8').replace('"predicted":[', '"predicted":[1'));
	const ladder = await openLadder(folder);
	const error = t.throws(() => new LadderRecords(ladder).of(ladder.entry('tiny')), {instanceOf: StepladderError});
	t.regex(error?.message ?? '', /classes\.jsonl, line 1: epoch 1 of seed 1 is not what was recorded/);
});
