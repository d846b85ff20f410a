import process from 'node:process';
import {root} from '../set-up/index.mjs';
import {runTool, say, ToolFailed} from '../set-up/tool.mjs';
import {wrongImports} from './layers.mjs';
import {replacedWords} from './words.mjs';

/**
 * Checks formatting, lints, types of the ladders, layers and words, and changes nothing.
 *
 * @throws {ToolFailed} if one of them fails
 */
export const lint = async () => {
	const hint = 'try `npm run format`';
	const biome = 'node_modules/@biomejs/biome/bin/biome';
	await runTool(process.execPath, [biome, 'ci', '--reporter=summary', '.'], {cwd: root, hint});
	await runTool(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'ladders'], {cwd: root});
	await runTool('cargo', ['fmt', '--check'], {cwd: root, hint});
	const found = [...wrongImports(root), ...replacedWords(root)];
	for (const sentence of found) {
		say(sentence);
	}

	if (found.length > 0) {
		throw new ToolFailed(`${found.length} imports or words are not as docs/ARCHITECTURE.md and CONTRIBUTING.md say.`);
	}
};
