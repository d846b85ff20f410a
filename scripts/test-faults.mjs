// Makes things fail, and holds Stepladder to what docs/RELIABILITY.md promises where they do: `npm run test:faults`.
import {runMain, setUp} from './set-up/index.mjs';

await runMain(async () => {
	await setUp('The faults of `aten` need');
	await import('../dist/test/faults/main.js');
});
