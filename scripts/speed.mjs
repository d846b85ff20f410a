// Writes the figures of README.md and docs/SPEED.md from the records of `npm run bench`; `npm test` checks that they are up to date.
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {root, runMain} from './set-up/index.mjs';
import {readBench, withFigures} from './speed/figures.mjs';

await runMain(async () => {
	const bench = readBench(root);
	for (const name of ['README.md', path.join('docs', 'SPEED.md')]) {
		const file = path.join(root, name);
		writeFileSync(file, withFigures(readFileSync(file, 'utf8'), bench));
	}
});
