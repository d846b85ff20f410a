// Checks formatting, lints, layers and words, and changes nothing: `npm run lint`.
import {lint} from './lint/index.mjs';
import {runMain, setUp} from './set-up/index.mjs';

await runMain(async () => {
	await setUp();
	await lint();
});
