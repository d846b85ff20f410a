import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {root} from '../helpers/cli.js';
import type {NativeTask} from '../helpers/native-child.js';

const child = path.join(root, 'dist', 'test', 'helpers', 'native-child.js');

/** The output of a program that uses the addon, once it has ended by itself. */
const output = async (t: ExecutionContext, task: NativeTask): Promise<string> => {
	const {stdout, stderr, exitCode, signal, timedOut} = await execa(process.execPath, [child, task], {
		...{reject: false, timeout: 120_000},
		env: {UV_THREADPOOL_SIZE: '4'}, // the default
	});
	t.false(timedOut, 'the process does not end');
	t.is(signal, undefined, stderr);
	t.is(exitCode, 0, stderr);
	return stdout;
};

test('after the end of a run `next` resolves to its last event again', async t => {
	t.is(await output(t, 'next after the end'), 'finished finished finished');
	t.is(await output(t, 'next, many at once'), 'several');
});

test('predictions of one model leave the threads of Node to files, and settle in the order of their calls', async t => {
	const order = (await output(t, 'predictions')).split(' ');
	t.deepEqual(
		order.filter(word => word !== 'file'),
		['0', '1', '2', '3', '4', '5', '6', '7'],
	);
	t.true(order.indexOf('file') < 4, order.join(' ')); // on libuv's threads, five or more would be first
});

test('predictions end with their worker and with the process', async t => {
	t.is(await output(t, 'terminate'), '');
	t.is(await output(t, 'exit above workers'), '');
	t.is(await output(t, 'exit'), '');
});
