// Checks formatting, lints, layers and words: `npm run lint`.
import process from 'node:process';
import {wrongImports} from './lint/layers.mjs';
import {replacedWords} from './lint/words.mjs';
import {root, runMain, setUp} from './set-up/index.mjs';
import {runTool, say, ToolFailed} from './set-up/tool.mjs';

await runMain(async () => {
	await setUp();
	const biome = 'node_modules/@biomejs/biome/bin/biome';
	const hint = 'try `npm run format`';
	await runTool(process.execPath, [biome, 'ci', '--reporter=summary', '.'], {cwd: root, hint});
	await runTool('cargo', ['fmt', '--check'], {cwd: root, hint});
	const found = [...wrongImports(root), ...replacedWords(root)];
	if (found.length > 0) {
		found.forEach(say);
		throw new ToolFailed(`${found.length} imports or words are not as docs/ARCHITECTURE.md and CONTRIBUTING.md say.`);
	}
});
