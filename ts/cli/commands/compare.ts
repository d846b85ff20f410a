import process from 'node:process';
import {Command} from 'commander';
import {LadderRecords} from '../../record/ladder-records.js';
import {comparison, comparisonText} from '../../report/comparison.js';
import {findPlace} from '../../steps/index.js';

export const compareCommand = (): Command =>
	new Command('compare')
		.description('Compare the records of two steps, seed by seed and image by image.')
		.argument('<a>', 'a recorded step')
		.argument('<b>', 'the step that it is compared with')
		.option('--json', 'print the figures as JSON', false)
		.addHelpText('after', '\nExample:\n  npm run compare -- augmentation fc-layer')
		.action((a: string, b: string, {json}: {json: boolean}) => {
			const records = new LadderRecords();
			const compared = comparison(records.of(findPlace(a)), records.of(findPlace(b)));
			process.stdout.write(`${json ? JSON.stringify(compared, undefined, '\t') : comparisonText(compared)}\n`);
		});
