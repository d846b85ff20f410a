import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdtempSync, readdirSync, readFileSync, renameSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {checkCache, fillCache, removeLeftovers, removeStaleLockOf} from '../cache/cache.js';
import {cacheFolder} from '../cache/cache-folder.js';
import {AbortError, FetchError} from '../errors/index.js';
import {commandHint} from '../platform/command-hint.js';
import {isClone, packageVersion} from '../platform/package-root.js';
import {thisPlatform} from '../platform/platform.js';
import type {FetchOptions} from './ensure-libtorch.js';
import {libtorchVersion, pinFor, torchPlatforms} from './pins.js';

/** The command that fetches libtorch and the addon that is linked against it. */
export const torchCommand = isClone ? commandHint('build', '--torch') : commandHint('setup', 'torch');

const packageName = (): string => `@stepladder/torch-${thisPlatform()}`;

/**
 * Returns the addon with libtorch that was installed or fetched for an installed package; `undefined` if there is none.
 *
 * @throws {ConfigError} if it is in a cache that others may write to
 */
export const fetchedTorchAddon = (): string | undefined => {
	const installed = installedTorchAddon();
	if (installed !== undefined) {
		return installed;
	}

	const cached = path.join(cachedTorchAddon(), 'stepladder.node');
	if (!existsSync(cached)) {
		return undefined;
	}

	checkCache(cacheFolder());
	return cached;
};

/** Whether an addon is the file that was published. Loading a truncated one would end Node. */
export const matchesPublishedHash = (file: string): boolean => {
	try {
		const {sha256} = JSON.parse(readFileSync(path.join(path.dirname(file), 'package.json'), 'utf8'));
		return createHash('sha256').update(readFileSync(file)).digest('hex') === sha256;
	} catch {
		return false;
	}
};

/**
 * Returns the addon with libtorch: installed beside this package, or fetched into the cache by npm, with the user's registry,
 * proxy and credentials.
 *
 * @throws {FetchError} if it can't be fetched
 * @throws {WriteError} if the cache can't be written
 * @throws {ConfigError} if others may write to it
 * @throws {AbortError}
 */
export const ensureTorchAddon = async ({signal, report = () => {}}: FetchOptions = {}): Promise<string> => {
	const entry = cachedTorchAddon();
	const found = fetchedTorchAddon();
	if (found !== undefined && (matchesPublishedHash(found) || found === installedTorchAddon())) {
		removeStaleLockOf(entry);
		return found; // npm repairs a package that it installed
	}

	if (pinFor() === undefined) {
		throw new FetchError(
			`there is no ready-made libtorch ${libtorchVersion} for ${thisPlatform()} (there is for ${torchPlatforms.join(', ')}), ` +
				'nor an addon that is linked against it: build it from source, in a clone of the repository, with a libtorch of ' +
				'your own named in LIBTORCH, with `npm run build -- --torch`',
			packageName(),
		);
	}

	const addon = path.join(entry, 'stepladder.node');
	await fillCache(entry, {cache: cacheFolder(), report, signal}, async signal => {
		if (!matchesPublishedHash(addon)) {
			report(`Fetching ${packageName()} by npm ...`);
			await fetchAddon(entry, signal);
		}
	});
	return addon;
};

const cachedTorchAddon = (): string => path.join(cacheFolder(), `addon-torch-${packageVersion()}-${thisPlatform()}`);

/** An addon of another version would not fit. */
const installedTorchAddon = (): string | undefined => {
	try {
		const about = createRequire(import.meta.url).resolve(`${packageName()}/package.json`);
		const {version, main} = JSON.parse(readFileSync(about, 'utf8'));
		return version === packageVersion() ? path.join(path.dirname(about), main) : undefined;
	} catch {
		return undefined;
	}
};

/** `npm pack` reads the settings of the working folder; `npm install` unpacks its archive, offline. */
const fetchAddon = async (entry: string, signal: AbortSignal): Promise<void> => {
	await removeLeftovers(entry);
	const work = mkdtempSync(`${entry}.new-`);
	try {
		await npm(['pack', `${packageName()}@${packageVersion()}`, '--pack-destination', work], signal);
		const archive = readdirSync(work).find(name => name.endsWith('.tgz')) ?? '';
		await npm(
			[
				...['install', path.join(work, archive), '--prefix', work, '--global=false', '--offline', '--ignore-scripts'],
				...['--no-save', '--no-package-lock', '--no-audit', '--no-fund'],
			],
			signal,
		);
		signal.throwIfAborted();
		await rm(entry, {recursive: true, force: true});
		renameSync(path.join(work, 'node_modules', packageName()), entry);
	} finally {
		await rm(work, {recursive: true, force: true});
	}
};

const npm = async (commandArguments: readonly string[], signal: AbortSignal): Promise<void> => {
	const own = `${packageName()}@${packageVersion()}`;
	const failed = (reason: string): FetchError =>
		new FetchError(
			`npm could not fetch ${own} (${reason}): check the network. ` +
				`It can also be installed beside stepladder, with \`npm install ${own}\``,
			'npm',
		);
	const failedToStart = (error: NodeJS.ErrnoException): FetchError =>
		error.code === 'ENOENT'
			? new FetchError(
					`npm, which fetches ${own}, is not on PATH: add it, or install that package beside stepladder ` +
						'by the package manager that installed it',
					'npm',
				)
			: failed(error.message);
	const [command, ...beginning] = npmCommand();
	const {code, stderr} = await new Promise<{code: number | null; stderr: string}>((resolve, reject) => {
		const child = spawn(command, [...beginning, ...commandArguments, '--loglevel=error'], {
			stdio: ['ignore', 'ignore', 'pipe'],
			signal,
		});
		let stderr = '';
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
		});
		child.once('error', error => {
			reject(signal.aborted ? new AbortError(signal.reason) : failedToStart(error));
		});
		child.once('close', code => resolve({code, stderr}));
	});
	if (code !== 0) {
		// Its first lines are a code and its meaning; the rest is the path of the log.
		const lines = stderr.split('\n').map(line => line.replace(/^npm (?:error|ERR!) ?/, '').trim());
		throw failed(lines.find(line => line !== '' && !line.startsWith('code ')) ?? `exit code ${code}`);
	}
};

/** Returns the npm that started this process, else the one beside Node or on PATH. */
const npmCommand = (): [string, ...string[]] => {
	const script = [
		process.env['npm_execpath'],
		path.join(path.dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'), // Windows
	].find(file => file !== undefined && path.basename(file) === 'npm-cli.js' && existsSync(file));
	return script === undefined ? ['npm'] : [process.execPath, script];
};
