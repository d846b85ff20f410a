// Sets up, checks formatting and lints, runs all tests, and prints their count:
// `npm test`, or `npm test -- test/cli/train.test.ts` for only some of the TypeScript tests.
import {spawn, spawnSync} from 'node:child_process';
import process from 'node:process';
import {lint} from './lint/index.mjs';
import {root, runMain, setUp} from './set-up/index.mjs';
import {runTool, say} from './set-up/tool.mjs';

/**
 * Runs a tool that prints how many tests passed and failed, and passes on its output.
 *
 * @param {string} command
 * @param {string[]} commandArguments
 * @returns {Promise<{code: number, output: string}>}
 */
const runShowing = (command, commandArguments) =>
	new Promise((resolve, reject) => {
		const child = spawn(command, commandArguments, {cwd: root, stdio: ['ignore', 'pipe', 'inherit']});
		let output = '';
		child.stdout.on('data', chunk => {
			output += chunk;
			process.stdout.write(chunk);
		});
		child.once('error', reject);
		child.once('close', code => resolve({code: code ?? 1, output}));
	});

/**
 * Adds up the numbers that a pattern finds; a match without a number counts for one.
 *
 * @param {string} output
 * @param {RegExp} pattern
 */
const count = (output, pattern) =>
	[...output.matchAll(pattern)].reduce((sum, [, number]) => sum + Number(number ?? 1), 0);

await runMain(async () => {
	const files = process.argv.slice(2).map(file => file.replace(/^(?!dist\/)/, 'dist/').replace(/\.ts$/, '.js'));
	await setUp('The tests of `aten` need');

	let passed = 0;
	let failed = 0;
	if (files.length === 0) {
		// The same target as in the addon's build, so that libtorch's bindings are compiled once.
		process.env.CARGO_BUILD_TARGET = spawnSync('rustc', ['--print', 'host-tuple'], {encoding: 'utf8'}).stdout.trim();

		say('Checking formatting and lints ...');
		await lint();
		await runTool('cargo', ['clippy', '--workspace', '--release', '--all-targets', '--quiet', '--', '-D', 'warnings'], {
			cwd: root,
		});

		say('Testing the crates ...');
		const rust = await runShowing('cargo', ['test', '--workspace', '--release', '--quiet', '--no-fail-fast']);
		passed += count(rust.output, /(\d+) passed;/g);
		failed += count(rust.output, /(\d+) failed;/g);
		if (rust.code !== 0 && failed === 0) {
			failed += 1; // it did not build
		}
	}

	const phases = [{what: 'from TypeScript', script: ['node_modules/ava/entrypoints/cli.mjs', ...files]}];
	if (files.length === 0) {
		phases.push({what: 'the packages', script: ['scripts/test-packages.mjs']});
	}

	for (const {what, script} of phases) {
		say(`Testing ${what} ...`);
		const ava = await runShowing(process.execPath, script);
		passed += count(ava.output, /^ {2}✔/gm);
		const avaFailed = count(ava.output, /^ {2}✘/gm);
		failed += ava.code !== 0 && avaFailed === 0 ? 1 : avaFailed;
	}

	process.exitCode = failed === 0 ? 0 : 1;
	process.stdout.write(`${passed} passed, ${failed} failed\n`);
});
