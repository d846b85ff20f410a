import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

/**
 * Returns the cache: `STEPLADDER_CACHE`, or the platform's own folder for caches.
 *
 * This file is plain JavaScript, and needs no package, because scripts of a clone run it before any are installed.
 *
 * @returns {string}
 */
export const cacheFolder = () => {
	if (process.env['STEPLADDER_CACHE']) {
		return path.resolve(process.env['STEPLADDER_CACHE']);
	}

	const home = homeFolder();
	switch (process.platform) {
		case 'darwin': {
			return path.join(home, 'Library', 'Caches', 'stepladder');
		}

		case 'win32': {
			return path.join(process.env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'stepladder', 'Cache');
		}

		default: {
			return path.join(process.env['XDG_CACHE_HOME'] || path.join(home, '.cache'), 'stepladder');
		}
	}
};

/** A user whom the system doesn't know has none; the error for a cache below / that can't be written says what to do. */
const homeFolder = () => {
	try {
		return os.homedir();
	} catch {
		return path.parse(process.cwd()).root;
	}
};
