import http from 'node:http';
import os from 'node:os';
import test, {type ExecutionContext} from 'ava';
import {ConfigError} from '../../ts/errors/index.js';
import type {LiveSource} from '../../ts/live/live-source.js';
import {type Live, serveLive} from '../../ts/live/serve-live.js';
import {html} from '../../ts/report/page/html.js';

type Answer = {readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: string};

/** Asks a server on 127.0.0.1, by any name. */
const ask = async (
	address: string,
	path: string,
	{host, method = 'GET'}: {host?: string; method?: string} = {},
): Promise<Answer> => {
	const {port, host: own} = new URL(address);
	return new Promise((resolve, reject) => {
		const request = http.request(
			{hostname: '127.0.0.1', port, path, method, headers: {host: host ?? own}, agent: false},
			response => {
				let body = '';
				response.setEncoding('utf8').on('data', part => {
					body += part;
				});
				response.on('end', () => resolve({status: response.statusCode ?? 0, headers: response.headers, body}));
			},
		);
		request.on('error', reject).end();
	});
};

/** Follows the events of a page: each is resolved as it arrives, the end as `undefined`. */
const follow = (address: string): {next: () => Promise<string | undefined>} => {
	const events: string[] = [];
	let waiting: ((event: string | undefined) => void) | undefined;
	let [isEnded, rest] = [false, ''];
	const settle = (): void => {
		if (waiting && (events.length > 0 || isEnded)) {
			waiting(events.shift());
			waiting = undefined;
		}
	};
	http.get(`${address}events`, {agent: false}, response => {
		response.setEncoding('utf8').on('data', (part: string) => {
			const parts = (rest + part).split('\n\n');
			rest = parts.pop() ?? '';
			events.push(...parts.filter(event => !event.startsWith('retry')));
			settle();
		});
		response.on('end', () => {
			isEnded = true;
			settle();
		});
	});
	return {
		next: async () =>
			new Promise(resolve => {
				waiting = resolve;
				settle();
			}),
	};
};

/** Serves a source until the test ends, at the latest. */
const serve = async (t: ExecutionContext, source: LiveSource): Promise<Live> => {
	const live = await serveLive(source);
	t.teardown(live.end);
	return live;
};

/** A source whose state a test sets. */
const settable = (): LiveSource & {state: number; drawn: number} => {
	const source = {
		title: 'Numbers <1>',
		...{state: 0, drawn: 0},
		version: () => String(source.state),
		async draw() {
			source.drawn += 1;
			return html`<p>state ${source.state}</p>`;
		},
	};
	return source;
};

test('a page is shown to the holder of its address, with a policy that allows its own script alone', async t => {
	const live = await serve(t, settable());
	const {status, headers, body} = await ask(live.address, new URL(live.address).pathname);
	t.is(status, 200);
	t.true(body.includes('<title>Numbers &lt;1&gt;</title>'));
	t.true(body.includes('<p>state 0</p>'));
	const [, nonce = ''] = /<script nonce="([^"]+)">/.exec(body) ?? [];
	t.is(body.match(/<script/g)?.length, 1);
	t.is(
		headers['content-security-policy'],
		`default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'; connect-src 'self'`,
	);
	t.deepEqual([headers['cache-control'], headers['referrer-policy']], ['no-store', 'no-referrer']);
	const again = await ask(live.address, new URL(live.address).pathname);
	t.notRegex(again.body, new RegExp(`nonce="${nonce.replace(/[+/]/g, '.')}"`), 'each answer has a nonce of its own');
});

test('a request by another host name, without the token, or that is no reading, shows nothing', async t => {
	const live = await serve(t, settable());
	const {pathname, port} = new URL(live.address);
	for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', `[::1]:${port}`, '127.0.0.2']) {
		for (const path of [pathname, `${pathname}events`]) {
			const {status, body} = await ask(live.address, path, {host});
			t.is(status, 421, `${host} ${path}`);
			t.notRegex(body, /state/);
		}
	}

	for (const path of [
		'/',
		'/events',
		'/wrong/',
		`${pathname.slice(0, -2)}/`,
		`/x${pathname}`,
		`${pathname.slice(0, -1)}x/events`,
	]) {
		const {status, body} = await ask(live.address, path);
		t.is(status, 403, path);
		t.notRegex(body, /state/);
	}

	t.is((await ask(live.address, pathname, {method: 'POST'})).status, 405);
	t.is((await ask(live.address, `${pathname}other`)).status, 404);
	for (const host of [`localhost:${port}`, 'localhost:9000', `127.0.0.1:${port}`]) {
		t.is((await ask(live.address, pathname, {host})).status, 200, 'as through a tunnel');
	}
});

test('a page is served on the loopback interface alone', async t => {
	const live = await serve(t, settable());
	const {port} = new URL(live.address);
	const others = Object.values(os.networkInterfaces())
		.flatMap(all => all ?? [])
		.filter(({internal, family}) => !internal && family === 'IPv4');
	t.is(new URL(live.address).hostname, '127.0.0.1');
	for (const {address} of others) {
		const error = await t.throwsAsync(fetch(`http://${address}:${port}/`));
		t.truthy(error);
	}
});

test('viewers get each state as it changes and the last one, drawn once for all of them, and then the end', async t => {
	const source = settable();
	const live = await serve(t, source);
	const viewers = Array.from({length: 40}, () => follow(live.address));
	const states = async (): Promise<ReadonlySet<string | undefined>> =>
		new Set(await Promise.all(viewers.map(async viewer => viewer.next())));
	t.deepEqual(await states(), new Set(['data: "<p>state 0</p>"']));
	t.is(source.drawn, 1);
	source.state = 1;
	t.deepEqual(await states(), new Set(['data: "<p>state 1</p>"']));
	t.is(source.drawn, 2);
	source.state = 2;
	const ended = live.end();
	t.deepEqual(await states(), new Set(['data: "<p>state 2</p>"']));
	t.deepEqual(await states(), new Set(['event: end\ndata: end']));
	t.deepEqual(await states(), new Set([undefined]));
	await ended;
	t.is(source.drawn, 3);
	await t.throwsAsync(ask(live.address, '/'), {code: 'ECONNREFUSED'});
});

test('nothing is drawn while nobody watches', async t => {
	const source = settable();
	const live = await serve(t, source);
	source.state = 1;
	await live.end();
	t.is(source.drawn, 0);
});

test('a source that fails leaves the page as it was, and the server alive', async t => {
	const source = settable();
	let fails = false;
	const live = await serve(t, {
		...source,
		version() {
			if (fails) {
				throw new Error('no such disk');
			}

			return 'one';
		},
	});
	const viewer = follow(live.address);
	t.is(await viewer.next(), 'data: "<p>state 0</p>"');
	fails = true;
	t.is((await ask(live.address, new URL(live.address).pathname)).status, 200);
	await live.end();
	t.is(await viewer.next(), 'event: end\ndata: end');

	const broken = await serveLive({...source, draw: async () => Promise.reject(new Error('no such <disk>'))});
	const {status, body} = await ask(broken.address, new URL(broken.address).pathname);
	t.deepEqual([status, body], [500, 'Error: no such <disk>\n']);
	await broken.end();
});

test('a port in use is refused in a sentence', async t => {
	const live: Live = await serve(t, settable());
	const port = Number(new URL(live.address).port);
	const error = await t.throwsAsync(serveLive(settable(), port), {instanceOf: ConfigError, code: 'setting'});
	t.is(
		error.message,
		`the live page can’t be served on port ${port}: another program uses it; choose another, or leave it out for any free one`,
	);
});
