import {createHash, randomBytes} from 'node:crypto';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {ExecutionContext} from 'ava';
import {zipSync} from 'fflate';
import type {Pin} from '../../ts/libtorch/pins.js';

/** An HTTP server on the loopback, until the test ends. */
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

/** A wheel of any files, and the hash that it is pinned by. */
export const fakeWheel = (files: Readonly<Record<string, Uint8Array>>) => {
	const bytes = zipSync(files, {level: 0});
	return {bytes, sha256: createHash('sha256').update(bytes).digest('hex')};
};

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** A library that no compression makes shorter. */
export const library = randomBytes(400_000);

/** A torch with a library, a header, a licence and what nobody wants, and a second wheel with another library. */
export const fakeWheels = {
	torch: fakeWheel({
		'torch/lib/libtorch_cpu.so': library,
		'torch/include/torch/script.h': text('#pragma once\n'),
		'torch/__init__.py': text('import this\n'),
		'torch-0.1.dist-info/METADATA': text('Name: torch\n'),
		'torch-0.1.dist-info/licenses/LICENSE': text('Do as you like.\n'),
		'torch-0.1.dist-info/licenses/third_party/fmt/LICENSE': text('As above.\n'),
	}),
	'nvidia-cuda-runtime': fakeWheel({
		'nvidia/lib/libcudart.so': text('not a library'),
		'nvidia_cuda_runtime-0.2.dist-info/License.txt': text('Read all of it.\n'),
	}),
};

/** Pins of {@link fakeWheels}, or of others in their place. */
export const fakePin = (wheels: Partial<typeof fakeWheels> = {}): Pin => {
	const {torch, 'nvidia-cuda-runtime': runtime} = {...fakeWheels, ...wheels};
	return {
		...{version: '0.1', platform: 'nowhere-x64', tags: ['any'], download: '0.4 MB', linkedOnly: []},
		libraries: ['libcudart.so', 'libtorch_cpu.so'],
		wheels: [
			{name: 'torch', version: '0.1', sha256: torch.sha256},
			{name: 'nvidia-cuda-runtime', version: '0.2', sha256: runtime.sha256},
		],
	};
};

type IndexOptions = {
	/** @default as JSON */
	readonly html?: boolean;
	/** @default true */
	readonly ranges?: boolean;
	/** Bytes of the first answer with torch after which the connection breaks. */
	readonly breaksAfter?: number;
	/** Served in place of the wheels that are listed. */
	readonly served?: Readonly<Record<string, Uint8Array>>;
	/** Asked for as a name and a password. */
	readonly credentials?: string;
};

/** A Python package index with {@link fakeWheels}, and what it was asked for: a path, and a range where one was given. */
export const packageIndex = async (t: ExecutionContext, options: IndexOptions = {}) => {
	const {html = false, ranges = true, served = {}, credentials} = options;
	const requests: string[] = [];
	let breaksAfter = options.breaksAfter;
	const origin = await serve(t, (request, response) => {
		const {url = '', headers} = request;
		requests.push(headers.range ? `${url} ${headers.range}` : url);
		const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
		if (wanted && headers.authorization !== wanted) {
			response.writeHead(401).end();
			return;
		}

		const [, place, name = ''] = url.split('/');
		const wheel = fakeWheels[name.replace(/\.whl.*$/, '') as keyof typeof fakeWheels];
		if (!wheel) {
			response.writeHead(404).end();
		} else if (place === 'simple') {
			const other = {url: '/files/other.whl', hashes: {sha256: '0'.repeat(64)}};
			const files = [other, {url: `/files/${name}.whl`, hashes: {sha256: wheel.sha256}}];
			const anchors = files.map(({url, hashes}) => `<a href="${url}?a=1&amp;b=2#sha256=${hashes.sha256}">file</a><br>`);
			response
				.setHeader('content-type', html ? 'text/html' : 'application/vnd.pypi.simple.v1+json')
				.end(html ? `<!DOCTYPE html><body>${anchors.join('\n')}</body>` : JSON.stringify({meta: {}, files}));
		} else {
			const whole = served[name.replace(/\.whl.*$/, '')] ?? wheel.bytes;
			const start = ranges ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0) : 0;
			const body = whole.subarray(start);
			response.writeHead(start > 0 ? 206 : 200, {
				'content-length': body.length,
				...(start > 0 && {'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}`}),
			});
			if (breaksAfter === undefined) {
				response.end(body);
			} else {
				response.write(body.subarray(0, breaksAfter), () => response.destroy());
				breaksAfter = undefined;
			}
		}
	});
	return {index: `${origin}/simple`, requests};
};
