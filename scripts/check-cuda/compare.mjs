// Compares the runs of two devices: node compare.mjs DEVICE.jsonl CPU.jsonl, each written by `train --json`.
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {compareSeeds} from './spread.mjs';

/** Returns the test accuracies of the last epoch, by seed. @param {string} file */
const accuraciesOf = file => {
	const bySeed = new Map();
	for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
		const {type, seed, testCorrect, testTotal} = JSON.parse(line);
		if (type === 'epoch') {
			bySeed.set(seed, testCorrect / testTotal);
		}
	}

	return [...bySeed].sort(([a], [b]) => a - b).map(([, accuracy]) => accuracy);
};

const [, , found = '', expected = ''] = process.argv;
const {passed, sentence} = compareSeeds(accuraciesOf(found), accuraciesOf(expected));
process.stdout.write(`${sentence}\n${passed ? 'Passed' : 'Failed'}\n`);
process.exitCode = passed ? 0 : 1;
