import {
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {withLock} from './lock.mjs';
import {demand, MissingNeed} from './need.mjs';
import {runTool, say} from './tool.mjs';

const pins = JSON.parse(readFileSync(new URL('wheels.json', import.meta.url), 'utf8'));
export const libtorchVersion = pins.version;
const platform = `${process.platform}-${process.arch}`;

/** What a CPU build needs of libtorch on this platform, or nothing where no wheel is pinned. */
const pin =
	/** @type {{tags: string[], wheels: Record<string, string>, download: string, libraries: string[]} | undefined} */ (
		pins[platform]
	);

/**
 * The folder for what clones share: `STEPLADDER_CACHE`, or the platform's own place for caches.
 *
 * @returns {string}
 */
export const cacheDirectory = () => {
	if (process.env.STEPLADDER_CACHE) {
		return path.resolve(process.env.STEPLADDER_CACHE);
	}

	const home = os.homedir();
	switch (process.platform) {
		case 'darwin': {
			return path.join(home, 'Library', 'Caches', 'stepladder');
		}

		case 'win32': {
			return path.join(process.env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'stepladder', 'Cache');
		}

		default: {
			return path.join(process.env.XDG_CACHE_HOME || path.join(home, '.cache'), 'stepladder');
		}
	}
};

/** Where the cache keeps this version of libtorch. */
export const cachedLibtorch = () => path.join(cacheDirectory(), `libtorch-${libtorchVersion}-${platform}`);

/**
 * The version that a libtorch folder says it has, without its `+cpu` or `+cu130`.
 *
 * @param {string} directory
 * @returns {string | undefined}
 */
export const versionOf = directory => {
	/** @param {string} file */
	const read = file => {
		try {
			return readFileSync(path.join(directory, file), 'utf8');
		} catch {
			return undefined;
		}
	};

	// `build-version` is in libtorch's own archives, `version.py` in a Python package of torch
	const version = read('build-version') ?? /__version__ = '([^']+)'/.exec(read('version.py') ?? '')?.[1];
	return version?.trim().split('+', 1)[0];
};

/**
 * Makes `root/build/libtorch` lead to a libtorch that a CPU build can link against, filling the cache if it must.
 *
 * @param {string} root the project
 */
export const ensureLibtorch = async root => {
	const view = path.join(root, 'build', 'libtorch');
	const own = process.env.LIBTORCH;
	if (own) {
		checkOwn(own);
		linkView(view, path.resolve(own));
		return;
	}

	const cached = cachedLibtorch();
	if (!existsSync(cached)) {
		mkdirSync(path.dirname(cached), {recursive: true});
		await withLock(`${cached}.lock`, async () => {
			if (!existsSync(cached)) {
				await fetchLibtorch(cached);
			}
		});
	}

	linkView(view, cached);
};

/** @param {string} directory */
const checkOwn = directory => {
	if (!existsSync(path.join(directory, 'include', 'torch')) || !existsSync(path.join(directory, 'lib'))) {
		throw new MissingNeed(
			`LIBTORCH is ${directory}, which should be a folder with libtorch's \`lib\` and \`include\`: ` +
				'correct it, or unset it to have libtorch fetched.',
		);
	}

	const version = versionOf(directory);
	if (version !== libtorchVersion) {
		throw new MissingNeed(
			`LIBTORCH is ${directory}, which holds libtorch ${version ?? 'of an unknown version'}; ` +
				`version ${libtorchVersion} is needed: name one of that version, or unset LIBTORCH to have it fetched.`,
		);
	}
};

/**
 * Downloads and unpacks beside the final place, and renames at the end.
 *
 * @param {string} target
 */
const fetchLibtorch = async target => {
	if (!pin) {
		throw new MissingNeed(
			`There is no ready-made libtorch ${libtorchVersion} for ${platform}: ` +
				'build or find one and name its folder in LIBTORCH.',
		);
	}

	const python = demand('pip', 'Fetching libtorch').name;
	const work = mkdtempSync(`${target}.`);
	try {
		say(`Fetching libtorch ${libtorchVersion} by pip (${pin.download}, kept in ${path.dirname(target)}) ...`);
		const requirements = path.join(work, 'requirements.txt');
		writeFileSync(
			requirements,
			Object.entries(pin.wheels)
				.map(([wheel, hash]) => `${wheel} --hash=sha256:${hash}\n`)
				.join(''),
		);
		const wheels = path.join(work, 'wheels');
		const pip = ['-m', 'pip', 'download', '--disable-pip-version-check', '--no-deps', '--no-cache-dir'];
		// The tags say which wheel, whatever the Python that fetches it.
		const tags = pin.tags.flatMap(tag => ['--platform', tag]);
		await runTool(
			python,
			[
				...[...pip, '--only-binary=:all:', '--require-hashes', '--implementation', 'cp', ...tags],
				...['--python-version', pins.python, '--abi', pins.abi, '--abi', 'none'],
				...['--dest', wheels, '--requirement', requirements],
			],
			{hint: 'is the network there? What is missing is fetched from PyPI; nothing half done was kept'},
		);

		say('Unpacking the libraries and headers that a CPU build needs ...');
		const unpacked = path.join(work, 'libtorch');
		const script = fileURLToPath(new URL('unpack_wheels.py', import.meta.url));
		await runTool(python, [script, wheels, unpacked, ...pin.libraries]);
		writeFileSync(path.join(unpacked, 'build-version'), libtorchVersion);
		standInForLibtorch(path.join(unpacked, 'lib'));
		renameSync(unpacked, target);
	} finally {
		rmSync(work, {recursive: true, force: true});
	}
};

/**
 * torch-sys asks the linker for `libtorch`; the one in a CUDA wheel would drag CUDA in, so a linker script takes
 * its name.
 *
 * @param {string} lib
 */
const standInForLibtorch = lib => {
	if (process.platform === 'linux') {
		writeFileSync(path.join(lib, 'libtorch.so'), 'INPUT(-ltorch_cpu)\n');
	}
};

/**
 * Replaces `view` by links to the libraries that a CPU build needs: torch-sys links CUDA's where it sees them.
 *
 * @param {string} view
 * @param {string} libtorch
 */
const linkView = (view, libtorch) => {
	const include = path.join(view, 'include');
	if (linkTarget(include) === path.join(libtorch, 'include') && existsSync(include)) {
		return;
	}

	const fresh = `${view}.${process.pid}`;
	mkdirSync(path.join(fresh, 'lib'), {recursive: true});
	const libraries = (pin?.libraries ?? ['libtorch_cpu.so', 'libc10.so', 'libgomp.so.1']).filter(name =>
		existsSync(path.join(libtorch, 'lib', name)),
	);
	for (const name of libraries) {
		symlinkSync(path.join(libtorch, 'lib', name), path.join(fresh, 'lib', name));
	}

	standInForLibtorch(path.join(fresh, 'lib'));
	writeFileSync(path.join(fresh, 'build-version'), libtorchVersion);
	symlinkSync(path.join(libtorch, 'include'), path.join(fresh, 'include'), 'junction');
	rmSync(view, {recursive: true, force: true});
	renameSync(fresh, view);
};

/**
 * @param {string} link
 * @returns {string | undefined}
 */
const linkTarget = link => {
	try {
		return lstatSync(link).isSymbolicLink() ? readlinkSync(link) : undefined;
	} catch {
		return undefined;
	}
};
