import process from 'node:process';
import {Command} from 'commander';
import {summarize} from '../../experiment/summarize.js';
import {summaryTable} from '../../report/summary-table.js';
import {findStep} from '../../steps/index.js';

export const summaryCommand = (): Command =>
	new Command('summary')
		.description('Show a step’s layers: shapes, receptive field and parameters, from the net itself.')
		.requiredOption('--step <name>', 'the step of the ladder to show')
		.addHelpText(
			'after',
			`
Columns: n is the size in pixels, j the distance between neighbours in pixels of the image, r the receptive field
on a side; each before (in) and after (out) the layer.

Example:
  npm run summary -- --step lr-scheduler`,
		)
		.action(({step}: {step: string}) => {
			process.stdout.write(`${summaryTable(summarize(findStep(step).experiment.net))}\n`);
		});
