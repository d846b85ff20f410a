import {randomBytes, timingSafeEqual} from 'node:crypto';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {ConfigError} from '../errors/index.js';
import {formatThrown} from '../format/value.js';
import type {Html} from '../report/page/html.js';
import {pageOf, policyOf} from '../report/page/parts.js';
import {clientScript} from './client.js';
import type {LiveSource} from './live-source.js';

/** A live page that is served. */
export type Live = {
	/** Its address, with the token without which nothing is shown. */
	readonly address: string;
	/** Sends the last state, tells viewers that the command has ended, and ends the server. */
	readonly end: () => Promise<void>;
};

/** How often a source is asked whether it has changed, in milliseconds, while somebody watches. */
const interval = 500;

/** A drawing takes at most this share of the time: the next one waits accordingly. */
const share = 0.05;

/** The most connections at once. */
const mostConnections = 200;

/** How long the last state may take to be drawn, in milliseconds: the command waits for it. */
const longestDrawing = 5000;

/** How long the last state may take to reach the viewers, in milliseconds. */
const patience = 1000;

/**
 * Serves a page on 127.0.0.1 that shows a source while it changes, by server-sent events. It is drawn once for all viewers, and not
 * at all while there is none.
 *
 * @param port 0 for any free one
 * @throws {ConfigError} if the port is in use, or may not be used
 */
export const serveLive = async (source: LiveSource, port = 0): Promise<Live> => {
	const token = randomBytes(24).toString('base64url');
	const page = new LivePage(source);
	const server = createServer((request, response) => answer(request, response, token, page));
	server.maxConnections = mostConnections;
	await listen(server, port);
	const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`;
	return {
		address,
		async end() {
			await page.end();
			await new Promise<void>(resolve => {
				const timer = setTimeout(() => server.closeAllConnections(), patience);
				server.close(() => {
					clearTimeout(timer);
					resolve();
				});
				server.closeIdleConnections();
			});
		},
	};
};

const listen = async (server: Server, port: number): Promise<void> =>
	new Promise((resolve, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => {
			const reason = error.code === 'EADDRINUSE' ? 'another program uses it' : error.message;
			const sentence = `the live page can’t be served on port ${port}: ${reason}; choose another, or leave it out for any free one`;
			reject(new ConfigError('live', 'a free port', String(port), sentence, {cause: error}));
		});
		server.listen(port, '127.0.0.1', resolve);
	});

/** Answers a request: of a browser that came by another name, such as one that a hostile page had resolved to this machine, with nothing. */
const answer = (request: IncomingMessage, response: ServerResponse, token: string, page: LivePage): void => {
	const {method = '', url = '', headers} = request;
	const refuse = (status: number, sentence: string): void => {
		response.writeHead(status, {'content-type': 'text/plain; charset=utf-8', ...safety}).end(`${sentence}\n`);
	};
	if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? '')) {
		refuse(421, 'This page is served to 127.0.0.1 and localhost alone.');
		return;
	}

	const [, given = '', name = ''] = /^\/([^/?#]*)(?:\/([^?#]*))?/.exec(url) ?? [];
	if (!isSame(given, token)) {
		refuse(403, 'The address lacks the token that the command printed.');
	} else if (method !== 'GET' && method !== 'HEAD') {
		refuse(405, 'This page can only be read.');
	} else if (name === 'events' && method === 'GET') {
		page.follow(response);
	} else if (name === '') {
		page.show(response).catch((error: unknown) => refuse(500, formatThrown(error)));
	} else {
		refuse(404, 'There is no such page.');
	}
};

/** Compares a text with a secret in a time that does not depend on it. */
const isSame = (given: string, secret: string): boolean => {
	const [a, b] = [Buffer.from(given), Buffer.from(secret)];
	return a.length === b.length && timingSafeEqual(a, b);
};

const safety = {
	...{'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff'},
	...{'cross-origin-resource-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin'},
} as const;

/** The page and its viewers. */
class LivePage {
	readonly #source: LiveSource;
	readonly #viewers = new Set<ServerResponse>();
	readonly #aborting = new AbortController();
	#drawn: {readonly version: string; readonly content: Html} | undefined;
	#drawing: Promise<Html> | undefined;
	/** Before this time, in milliseconds, nothing is drawn again. */
	#notBefore = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(source: LiveSource) {
		this.#source = source;
	}

	/** Sends the whole page. */
	async show(response: ServerResponse): Promise<void> {
		const content = this.#drawn?.content ?? (await this.#draw());
		const nonce = randomBytes(16).toString('base64');
		const {title} = this.#source;
		const page = pageOf({
			...{title, headline: 'Shows the training as it goes on.', script: {nonce, text: clientScript}},
			main: content,
		});
		response
			.writeHead(200, {
				...{'content-type': 'text/html; charset=utf-8', 'content-security-policy': policyOf(nonce)},
				...safety,
			})
			.end(page);
	}

	/** Sends the content whenever it has changed, as server-sent events. */
	follow(response: ServerResponse): void {
		response.writeHead(200, {
			...{'content-type': 'text/event-stream; charset=utf-8', connection: 'close'},
			...safety,
		});
		response.write('retry: 2000\n\n');
		this.#viewers.add(response);
		response.once('close', () => {
			this.#viewers.delete(response);
			if (this.#viewers.size === 0) {
				clearInterval(this.#timer);
				this.#timer = undefined;
			}
		});
		this.#timer ??= setInterval(() => this.#look(), interval);
		this.#look();
		if (this.#drawn) {
			send(response, this.#drawn.content);
		}
	}

	/** Sends the last state to all viewers, and that it is the last. */
	async end(): Promise<void> {
		clearInterval(this.#timer);
		const timer = setTimeout(() => this.#aborting.abort(), longestDrawing);
		if (this.#viewers.size > 0) {
			await this.#drawing?.catch(() => {});
			const last = this.#isCurrent() ? undefined : await this.#draw().catch(() => undefined);
			for (const viewer of last ? this.#viewers : []) {
				send(viewer, last as Html);
			}
		}

		clearTimeout(timer);
		this.#aborting.abort();
		for (const viewer of this.#viewers) {
			viewer.end('event: end\ndata: end\n\n');
		}
	}

	/** Draws and sends what has changed, if it is time. */
	#look(): void {
		if (this.#drawing || performance.now() < this.#notBefore || this.#isCurrent()) {
			return;
		}

		this.#draw().then(
			content => {
				for (const viewer of this.#viewers) {
					if (viewer.writableLength === 0) {
						send(viewer, content); // one that reads slowly gets a later state
					}
				}
			},
			() => {}, // a state that can't be drawn is left out: the training matters more
		);
	}

	/** Whether the drawn state is the present one, or that can't be read. */
	#isCurrent(): boolean {
		try {
			return this.#drawn?.version === this.#source.version();
		} catch {
			return true;
		}
	}

	async #draw(): Promise<Html> {
		this.#drawing ??= this.#drawNow().finally(() => {
			this.#drawing = undefined;
		});
		return this.#drawing;
	}

	async #drawNow(): Promise<Html> {
		const began = performance.now();
		try {
			const version = this.#source.version();
			const content = await this.#source.draw(this.#aborting.signal);
			this.#drawn = {version, content};
			return content;
		} finally {
			this.#notBefore = performance.now() + (performance.now() - began) / share;
		}
	}
}

const send = (viewer: ServerResponse, content: Html): void => {
	viewer.write(`data: ${JSON.stringify(content.text)}\n\n`);
};
