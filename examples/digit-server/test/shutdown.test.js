import assert from 'node:assert/strict';
import {once} from 'node:events';
import {connect} from 'node:net';
import test from 'node:test';
import {runsFolder, startServer} from '../helpers/start-server.js';

for (const [signal, exitCode] of [
	['SIGTERM', 0],
	['SIGINT', 130],
]) {
	test(`${signal} while training lets go of clients that wait, and ends with ${exitCode}`, {
		timeout: 60_000,
	}, async t => {
		const server = startServer({RUNS: await runsFolder(t), EPOCHS: '5'});
		t.after(() => server.end('SIGKILL'));
		const url = await server.url();
		const watching = await fetch(`${url}/training`);
		const reader = watching.body.pipeThrough(new TextDecoderStream()).getReader();
		for (let text = ''; !text.includes('"training"'); ) {
			text += (await reader.read()).value;
		}

		// A client that never sends the body that it has announced; after `100 Continue` the server waits for it.
		const {hostname, port} = new URL(url);
		const stalled = connect(Number(port), hostname);
		stalled.on('error', () => {});
		const announced = 'content-type: application/octet-stream\r\ncontent-length: 784\r\nexpect: 100-continue';
		stalled.write(`POST /predict HTTP/1.1\r\nhost: ${hostname}\r\n${announced}\r\n\r\n`);
		await once(stalled, 'data');

		assert.equal(await server.end(signal), exitCode);
		assert.equal(server.errors, '');
		for (let read = await reader.read(); !read.done; read = await reader.read());
		assert.ok(!server.lines.some(line => line.includes('ready')));
	});
}

test('a training that was ended goes on at the next start, and the one after that has nothing to train', async t => {
	const RUNS = await runsFolder(t);
	const first = startServer({RUNS, EPOCHS: '2'});
	await first.says(/^Epoch 1 of 2/);
	assert.equal(await first.end(), 0);

	const second = startServer({RUNS, EPOCHS: '2'});
	await second.says(/^Training goes on/);
	const [ready] = await second.says(/is ready.*/);
	assert.equal(await second.end(), 0);

	const third = startServer({RUNS});
	assert.deepEqual(await third.says(/is ready.*/).then(([line]) => line), ready);
	assert.equal(await third.end(), 0);
	assert.ok(!third.lines.some(line => line.startsWith('Training')));
});

test('a port that is taken, and a setting that makes no sense, end it with a sentence', async t => {
	const RUNS = await runsFolder(t);
	const server = startServer({RUNS});
	t.after(() => server.end());
	const {port} = new URL(await server.url());
	const [late, odd, greedy] = [{PORT: port}, {EPOCHS: 'many'}, {EPOCHS: '1000'}].map(environment =>
		startServer({RUNS: `${RUNS}-none`, ...environment}),
	);
	assert.deepEqual(await Promise.all([late, odd, greedy].map(({ended}) => ended)), [1, 1, 1]);
	assert.match(late.errors, /^Port \d+ is taken: choose another/);
	assert.match(odd.errors, /^`?epochs`?.*whole number/i);
	assert.match(greedy.errors, /would take 1000 epochs, and its target allows 5/);
	for (const {errors} of [late, odd, greedy]) {
		assert.equal(errors.trim().split('\n').length, 1, errors);
	}
});
