import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import type {Engine} from '../../ts/index.js';
import {root} from '../helpers/cli.js';
import type {Ending} from '../helpers/ending-child.js';
import {temporaryFolder} from '../helpers/folder.js';
import {writeIdx} from '../helpers/idx.js';

const child = path.join(root, 'dist', 'test', 'helpers', 'ending-child.js');

/** Of what `npm run test:faults` does hundreds of times: without an end to an environment’s runs, most of these crash. */
const ends = async (t: ExecutionContext, ending: Ending, exitCode: number): Promise<void> => {
	const folder = temporaryFolder(t);
	writeIdx(folder, 2000, 60);
	for (const engine of ['fused', 'aten'] satisfies Engine[]) {
		for (const milliseconds of ['0', '40']) {
			const words = [ending, engine, folder, milliseconds, '1'];
			const options = {reject: false, timeout: 120_000} as const;
			const {signal, ...ended} = await execa(process.execPath, ['--expose-gc', child, ...words], options);
			t.is(signal, undefined, `${engine}: ${ended.stderr}`);
			t.is(ended.exitCode, exitCode, `${engine}: ${ended.stderr}`);
		}
	}
};

test('eight workers that are terminated in mid-epoch leave the process alone', async t => ends(t, 'terminate', 0));

test('a process exits while its workers train', async t => ends(t, 'exit above workers', 0));

test('a process exits while it trains', async t => ends(t, 'exit', 0));

test('a process throws while it trains', async t => ends(t, 'throw', 1));

if (process.platform === 'linux') {
	test('a run that JavaScript has let go of ends', async t => ends(t, 'let go', 0)); // threads are looked up in /proc
}
