import {spawn, spawnSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {AbortError, FetchError} from '../errors/index.js';
import {type Pin, type PinnedWheel, wheelPython} from './pins.js';

/** Returns the command of a Python with pip; `undefined` if there is none. */
export const pythonWithPip = (): string | undefined =>
	['python3', 'python', 'py'].find(name => spawnSync(name, ['-m', 'pip', '--version']).status === 0);

/**
 * Fetches wheels by pip, with the user's index, mirrors, proxies and certificates. It keeps complete wheels of the folder, and
 * restarts others. Its temporary files are in the folder too, so that a killed pip leaves none elsewhere. It prints to
 * stderr.
 *
 * @throws {FetchError}
 * @throws {AbortError}
 */
export const downloadByPip = async (
	python: string,
	pin: Pin,
	wheels: readonly PinnedWheel[],
	folder: string,
	signal?: AbortSignal,
): Promise<void> => {
	const requirements = path.join(folder, 'requirements.txt');
	const lines = wheels.map(({name, version, sha256}) => `${name}==${version} --hash=sha256:${sha256}\n`);
	writeFileSync(requirements, lines.join(''));
	const temporary = path.join(folder, 'tmp');
	await rm(temporary, {recursive: true, force: true});
	mkdirSync(temporary);
	const code = await new Promise<number | null>((resolve, reject) => {
		const child = spawn(
			python,
			[
				...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-deps', '--no-cache-dir'],
				...['--only-binary=:all:', '--require-hashes', '--implementation', 'cp'],
				// The tags choose the wheel, whatever Python fetches it.
				...pin.tags.flatMap(tag => ['--platform', tag]),
				...['--python-version', wheelPython.version, '--abi', wheelPython.abi, '--abi', 'none'],
				...['--dest', folder, '--requirement', requirements],
			],
			{
				...{stdio: ['ignore', 2, 2], ...(signal && {signal})},
				env: {...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary},
			},
		);
		child.once('error', error => {
			reject(signal?.aborted ? new AbortError(signal.reason) : error);
		});
		child.once('exit', resolve);
	});
	await rm(temporary, {recursive: true, force: true});
	if (signal?.aborted) {
		throw new AbortError(signal.reason);
	}

	if (code !== 0) {
		throw new FetchError(
			'pip could not fetch libtorch (it says why above): check the network, and pip’s settings such as PIP_INDEX_URL; ' +
				'or name wheels in `--wheel FILE`',
			'pip',
		);
	}
};
