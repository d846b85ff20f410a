// Formats everything, and applies the linter's safe fixes.
import process from 'node:process';
import {root, runMain, setUp} from './set-up/index.mjs';
import {runTool} from './set-up/tool.mjs';

await runMain(async () => {
	await setUp();
	await runTool('cargo', ['fmt'], {cwd: root});
	await runTool(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'], {cwd: root});
});
