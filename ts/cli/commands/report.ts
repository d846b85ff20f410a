import {mkdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {Command} from 'commander';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {elsewhere, writing} from '../../log/writing.js';
import {LadderRecords} from '../../record/ladder-records.js';
import {reportData} from '../../report/report-data.js';
import {reportMarkdown} from '../../report/report-markdown.js';
import {places} from '../../steps/index.js';

export const reportCommand = (): Command =>
	new Command('report')
		.description('Write the whole ladder as report.md and as one self-contained report.html.')
		.option('--out <dir>', 'where the two pages go', 'report')
		.addHelpText('after', '\nExample:\n  npm run report -- --out /tmp/ladder')
		.action(async ({out}: {out: string}) => {
			// Vega takes longer to load than all the rest: no other command should wait for it
			const {reportPage} = await import('../../report/page/page.js');
			const data = reportData(places, new LadderRecords());
			const pages = {'report.md': reportMarkdown(data), 'report.html': await reportPage(data)};
			for (const [name, text] of Object.entries(pages)) {
				const file = path.resolve(out, name);
				const write = (): void => {
					mkdirSync(path.dirname(file), {recursive: true});
					writeFileAtomicSync(file, text);
				};

				writing(file, file, write, elsewhere);
				process.stdout.write(`Written: ${file}\n`);
			}
		});
