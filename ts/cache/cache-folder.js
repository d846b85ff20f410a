import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

/**
 * The folder for what can be made again: `STEPLADDER_CACHE`, or the platform's own place for caches.
 *
 * This file is plain JavaScript, and needs no package, because scripts of a clone run it before there are any.
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

/** A user whom the system doesn't know has none, and what can't be written below / is told with what to do about it. */
const homeFolder = () => {
	try {
		return os.homedir();
	} catch {
		return path.parse(process.cwd()).root;
	}
};
