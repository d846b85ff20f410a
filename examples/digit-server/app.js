import {readFileSync} from 'node:fs';
import path from 'node:path';
import {Readable} from 'node:stream';
import fastify from 'fastify';
import {Digits} from './digits.js';

const {imageBytes} = Digits;
const wanted = `an image is ${imageBytes} bytes, 28 rows of 28 pixels, from 0 for paper to 255 for ink`;

const files = {
	'/': ['index.html', 'text/html'],
	'/page.css': ['page.css', 'text/css'],
	'/page.js': ['page.js', 'text/javascript'],
	'/mnist-form.js': ['mnist-form.js', 'text/javascript'],
};

/** The messages to clients, by the code of Fastify's error. */
const sentences = {
	FST_ERR_CTP_BODY_TOO_LARGE: `This is too much: ${wanted}.`,
	FST_ERR_CTP_INVALID_MEDIA_TYPE: `Send an image as \`application/octet-stream\`: ${wanted}.`,
};

/** How long a client may take to send its request, or to take its answer once the server ends. */
const patience = {request: 10_000, end: 1000};

/**
 * The server: a page, a stream of how the training goes, and answers to images.
 *
 * @param {Digits} digits
 */
export const createApp = digits => {
	const app = fastify({bodyLimit: imageBytes, requestTimeout: patience.request});

	app.addHook('onRequest', async (_request, reply) => {
		reply.headers({
			'content-security-policy': "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
			'x-content-type-options': 'nosniff',
			'cache-control': 'no-cache',
		});
	});

	for (const [url, [file, type]] of Object.entries(files)) {
		const content = readFileSync(path.join(import.meta.dirname, 'page', file));
		app.get(url, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(content));
	}

	app.get('/training', (_request, reply) =>
		// A stream that is over leaves no idle connection, which would hold up the server's end.
		reply
			.type('text/event-stream')
			.header('connection', 'close')
			.send(Readable.from(serverSentEvents(digits))),
	);

	app.removeAllContentTypeParsers();
	app.addContentTypeParser('application/octet-stream', {parseAs: 'buffer'}, async (_request, body) => body);
	app.post('/predict', async ({body}, reply) => {
		if (body?.length !== imageBytes) {
			return reply.code(400).send({error: `This has ${body?.length ?? 0} bytes: ${wanted}.`});
		}

		if (!digits.isReady) {
			reply.code(503).header('retry-after', '5');
			return {error: 'The net is still learning: ask again in a few seconds.'};
		}

		return digits.predict(body);
	});

	app.setNotFoundHandler((request, reply) =>
		reply.code(404).send({error: `There is no ${request.method} ${request.url} here.`}),
	);
	app.setErrorHandler((error, _request, reply) => {
		const {statusCode = 500, code, message} = error;
		if (statusCode < 500) {
			return reply.code(statusCode).send({error: sentences[code] ?? message});
		}

		console.error(error);
		return reply.code(500).send({error: 'Something went wrong here: the log of the server says what.'});
	});

	app.addHook('preClose', async () => {
		setTimeout(() => app.server.closeAllConnections(), patience.end).unref();
	});
	return app;
};

async function* serverSentEvents(digits) {
	for await (const state of digits.states()) {
		yield `data: ${JSON.stringify(state)}\n\n`;
	}
}
