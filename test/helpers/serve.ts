import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {ExecutionContext} from 'ava';

/** Starts an HTTP server on the loopback interface, until the test ends. */
export const serve = async (
	t: ExecutionContext,
	answer: (request: IncomingMessage, response: ServerResponse, origin: string) => void,
): Promise<string> => {
	const server = createServer((request, response) => {
		answer(request, response, origin);
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	t.teardown(() => {
		server.closeAllConnections();
		server.close();
	});
	return origin;
};
