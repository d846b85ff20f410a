import {z} from 'zod';
import {ConfigError, FetchError} from '../errors/index.js';
import type {PinnedWheel} from './pins.js';
import {request, withoutCredentials} from './request.js';

const page = z.object({
	files: z.array(z.object({url: z.string(), hashes: z.record(z.string(), z.string())})),
});

/** As JSON (PEP 691), or else as the older HTML (PEP 503). */
const accept = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01';

/**
 * The address of a Python package index, such as `https://HOST/simple`.
 *
 * @throws {ConfigError}
 */
export const parseIndex = (text: string): URL => {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (!url || !/^https?:$/.test(url.protocol)) {
		throw new ConfigError('index', 'the address of a Python package index, such as https://HOST/simple', text);
	}

	if (!url.pathname.endsWith('/')) {
		url.pathname += '/';
	}

	return url;
};

/**
 * Where an index has the very file that is pinned.
 *
 * @throws {FetchError} where it has none
 */
export const findInIndex = async (index: URL, wheel: PinnedWheel, signal?: AbortSignal): Promise<URL> => {
	const project = new URL(`${wheel.name}/`, index);
	const response = await request(project, {headers: {accept}, signal});
	const text = await response.text();
	const isJson = response.headers.get('content-type')?.includes('json') ?? false;
	const href = isJson ? fromJson(text, wheel.sha256) : fromHtml(text, wheel.sha256);
	if (href === undefined) {
		throw new FetchError(
			`${withoutCredentials(project)} lists no file with the sha256 ${wheel.sha256}, which ${wheel.name} ${wheel.version} has: ` +
				'name an index that mirrors all of it',
			withoutCredentials(project),
		);
	}

	const found = new URL(href, response.url || project);
	if (found.origin === index.origin) {
		found.username = index.username;
		found.password = index.password;
	}

	return found;
};

const fromJson = (text: string, sha256: string): string | undefined => {
	try {
		return page.parse(JSON.parse(text)).files.find(({hashes}) => hashes['sha256'] === sha256)?.url;
	} catch {
		return undefined;
	}
};

/** Each file is an anchor whose address ends in its hash. */
const fromHtml = (text: string, sha256: string): string | undefined => {
	const hrefs = [...text.matchAll(/<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)].map(
		([, double, single]) => double ?? single ?? '',
	);
	const href = hrefs.find(href => href.endsWith(`#sha256=${sha256}`));
	return href?.replace(/#.*$/, '').replaceAll('&amp;', '&');
};
