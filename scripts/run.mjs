// Brings everything up to date, then runs the command line: `node scripts/run.mjs train --step lr-scheduler`.
import process from 'node:process';
import {runMain, setUp} from './set-up/index.mjs';
import {torchReason} from './set-up/torch-reason.mjs';
import {enterFolderTypedIn} from './set-up/typed-in.mjs';

await runMain(async () => {
	enterFolderTypedIn();
	await setUp(torchReason(process.argv.slice(2)));
	await import('../dist/ts/cli/main.js');
});
