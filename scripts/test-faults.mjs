// Injects faults, and checks the guarantees of docs/RELIABILITY.md: `npm run test:faults`.
import {runMain, setUp} from './set-up/index.mjs';

await runMain(async () => {
	await setUp('The faults of `aten` need');
	await import('../dist/test/faults/main.js');
});
