import {spawnSync} from 'node:child_process';
import {cpSync, readdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {chromiumEnvironment} from '../helpers/chromium.js';
import {root} from '../helpers/cli.js';
import {Installed} from '../helpers/installed.js';

const folder = path.join(root, 'examples');

/** Examples that need more than Node, and the tools; without these their tests are skipped. */
const toolsOf: Readonly<Record<string, readonly string[]>> = {
	'cortex-m': ['cc', 'make', 'arm-none-eabi-gcc', 'qemu-system-arm'],
};
const isThere = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;

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
		const tested = await app.npm(['test'], {env: {...(await chromiumEnvironment()), ...(tools.length > 0 && {PATH})}});
		t.is(tested.exitCode, 0, tested.stdout + tested.stderr);
		const count = (what: string): number => Number(new RegExp(`^(?:#|ℹ) ${what} (\\d+)`, 'm').exec(tested.stdout)?.[1]);
		t.log(`${count('pass')} tests passed`);
		if (hasTools) {
			t.true(count('pass') > 0, tested.stdout);
			t.is(count('skipped'), 0, tested.stdout);
		} else {
			t.log(`skipped: missing ${tools.filter(tool => !isThere(tool)).join(', ')}`);
		}
	});
}
