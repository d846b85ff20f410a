// Brings everything up to date, then hands over to the command line: `node scripts/run.mjs train --step lr-scheduler`.
import {runMain, setUp} from './set-up/index.mjs';

await runMain(async () => {
	await setUp();
	await import('../dist/ts/cli/main.js');
});
