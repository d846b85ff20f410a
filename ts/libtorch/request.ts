import {AbortError, FetchError} from '../errors/index.js';

/**
 * Asks an HTTP server, with the name and password of the address, if it has them, as a header.
 *
 * @throws {FetchError} where nobody answers, or the answer is neither a success nor one of `accepted`
 * @throws {AbortError}
 */
export const request = async (
	address: URL,
	{
		headers = {},
		accepted = [],
		signal,
	}: {headers?: Record<string, string>; accepted?: readonly number[]; signal?: AbortSignal | undefined},
): Promise<Response> => {
	const {username, password} = address;
	const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
	const authorization = username && {authorization: `Basic ${credentials.toString('base64')}`};
	const url = withoutCredentials(address);
	let response: Response;
	try {
		response = await fetch(url, {headers: {...headers, ...authorization}, signal: signal ?? null});
	} catch (error) {
		throw signal?.aborted
			? new AbortError(signal.reason)
			: new FetchError(`${url} does not answer (${networkReason(error)}): check the network and the address`, url, {
					cause: error,
				});
	}

	if (!response.ok && !accepted.includes(response.status)) {
		await response.body?.cancel();
		throw new FetchError(`${url} answers ${response.status} ${response.statusText}: check the address`, url);
	}

	return response;
};

/** An address as it may be shown. */
export const withoutCredentials = (address: URL): string => {
	const shown = new URL(address);
	shown.username = '';
	shown.password = '';
	return shown.href;
};

/** What `fetch` says of a failure is in its cause. */
export const networkReason = (error: unknown): string => {
	const {cause, message} = error as Error;
	const {code, message: inner} = (cause ?? {}) as NodeJS.ErrnoException;
	return inner || code || message;
};
