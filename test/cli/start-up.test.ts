import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {Command, Help} from 'commander';
import {execa} from 'execa';
import {commands} from '../../ts/cli/commands.js';
import {Interruption} from '../../ts/cli/interruption.js';
import {main, root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';

/** Runs the command line, and lists the files of code that it loaded, from the root of the project. */
const loadedBy = async (t: ExecutionContext, words: readonly string[]): Promise<string[]> => {
	const folder = temporaryFolder(t);
	const {exitCode} = await execa(process.execPath, [main, ...words], {cwd: root, env: {NODE_V8_COVERAGE: folder}});
	t.is(exitCode, 0);
	const urls = readdirSync(folder).flatMap(name => {
		const {result} = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as {result: Array<{url: string}>};
		return result.map(({url}) => url).filter(url => url.startsWith('file:'));
	});
	return urls.map(url => path.relative(root, fileURLToPath(url)).replaceAll(path.sep, '/'));
};

// A module takes about a millisecond, zod and the addon many: the two should take at most 1.6 times `node -e 0`.
for (const {words, own} of [
	{words: ['--help'], own: 11},
	{words: ['runs', 'test/samples/0.1.0'], own: 25},
]) {
	test(`${words[0]} loads at most ${own} modules, and of the packages commander alone`, async t => {
		const loaded = await loadedBy(t, words);
		const packages = loaded.flatMap(file => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
		t.deepEqual([...new Set(packages)], ['commander']);
		t.deepEqual(
			loaded.filter(file => /native\/load|ts\/index/.test(file)),
			[],
		);
		const modules = loaded.filter(file => file.startsWith('dist/ts/'));
		t.true(modules.length <= own, modules.join('\n'));
	});
}

const interruption = new Interruption();
for (const {name, usage, load} of commands) {
	test(`the list of commands shows ${name} as it is`, async t => {
		const command = await load(new Command(name), interruption);
		t.is(new Help().subcommandTerm(command), `${name} ${usage}`.trim());
	});
}
