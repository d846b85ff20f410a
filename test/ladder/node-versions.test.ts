import {readdirSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {nodeOf} from '../helpers/node-versions.js';
import {OwnLadder} from '../helpers/own-ladder.js';

/** Turns the template's files into JavaScript. */
const withoutTypes = (text: string): string =>
	text
		.replace(/^import type .*\n/m, '')
		.replace(/: ReadonlyArray<.*> = \[$/m, ' = [')
		.replace(/\(\{size, train, test\}: .*\): Arrays =>/, '({size, train, test}) =>')
		.replace(/\(count: number, size: number, next: \(\) => number\): ArraySet/, '(count, size, next)')
		.replace(/\(seed: number\): \(\(\) => number\)/, '(seed)')
		.replace(' as [number, number]', '')
		.replaceAll(/(from '\.\/[^']*)\.ts'/g, "$1.mjs'");

for (const major of [20, 22, 24]) {
	test.serial(`on Node ${major} a ladder of .ts files and one of .mjs files train to the same bits`, async t => {
		const node = await nodeOf(major);
		const own = new OwnLadder(t);
		t.is((await own.run(['init', 'typed'], {node})).exitCode, 0);
		for (const file of ['ladder', 'shapes', 'steps/0-baseline']) {
			own.write(`plain/${file}.mjs`, withoutTypes(own.read(`typed/${file}.ts`)));
		}

		const events = async (cwd: string): Promise<unknown> => {
			const {stderr, exitCode} = await own.run(['train', '--step', 'baseline', '--epochs', '2'], {node, cwd});
			t.is(exitCode, 0, stderr);
			t.notRegex(stderr, /warning/i);
			const [run = ''] = readdirSync(path.join(own.folder, cwd, 'runs', 'baseline'));
			const lines = own.read(`${cwd}/runs/baseline/${run}/events.jsonl`).trim().split('\n');
			return lines.map(line => ({...JSON.parse(line), seconds: 0}));
		};

		t.deepEqual(await events('typed'), await events('plain'));
		for (const [file, cwd] of [
			['steps/0-baseline.ts', 'typed'],
			['steps/0-baseline.mjs', 'plain'],
		] as const) {
			own.write(`${cwd}/${file}`, own.read(`${cwd}/${file}`).replace('padding: 0}', 'padding: 0'));
			const {stderr, exitCode} = await own.run(['summary', '--step', 'baseline'], {node, cwd});
			t.is(exitCode, 2);
			t.regex(stderr, new RegExp(`^stepladder: ${file.replace('.', '\\.')}, line 1\\d: SyntaxError`));
		}
	});
}
