import {spawnSync} from 'node:child_process';
import {cpSync, readdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {chromiumEnvironment} from '../helpers/chromium.js';
import {root} from '../helpers/cli.js';
import {Installed} from '../helpers/installed.js';

const folder = path.join(root, 'examples');

/** The Python that examples use. */
const {PYTHON = 'python3'} = process.env;

/** What an example needs beside Node: its name, and a command that succeeds where it is there. */
type Tool = readonly [name: string, command: string, ...args: string[]];

const named = (command: string): Tool => [command, command, '--version'];

/** Examples that need more than Node; without their tools their tests are skipped. */
const toolsOf: Readonly<Record<string, readonly Tool[]>> = {
	'cortex-m': ['cc', 'make', 'arm-none-eabi-gcc', 'qemu-system-arm'].map(named),
	'onnx-python': [['a Python with ONNX Runtime', PYTHON, '-c', 'import numpy, onnxruntime, PIL']],
};
const isThere = ([, command, ...args]: Tool): boolean => spawnSync(command, args).status === 0;

const leftBehind = new Set(['node_modules', 'package-lock.json', 'runs']);

for (const entry of readdirSync(folder, {withFileTypes: true}).filter(entry => entry.isDirectory())) {
	test(`examples/${entry.name} installs from the registry and passes its own tests`, async t => {
		const app = new Installed(t, {name: entry.name});
		cpSync(path.join(folder, entry.name), app.folder, {
			recursive: true,
			filter: file => !leftBehind.has(path.basename(file)),
		});
		const installed = await app.npm(['install']);
		t.is(installed.exitCode, 0, installed.stderr);
		const tools = toolsOf[entry.name] ?? [];
		const hasTools = tools.every(isThere);
		const {PATH} = process.env;
		const tested = await app.npm(['test'], {
			env: {...(await chromiumEnvironment()), ...(tools.length > 0 && {PATH, PYTHON})},
		});
		t.is(tested.exitCode, 0, tested.stdout + tested.stderr);
		const count = (what: string): number => Number(new RegExp(`^(?:#|ℹ) ${what} (\\d+)`, 'm').exec(tested.stdout)?.[1]);
		t.log(`${count('pass')} tests passed`);
		if (hasTools) {
			t.true(count('pass') > 0, tested.stdout);
			t.is(count('skipped'), 0, tested.stdout);
		} else {
			const missing = tools.filter(tool => !isThere(tool)).map(([name]) => name);
			t.log(`skipped: missing ${missing.join(', ')}`);
		}
	});
}
