import {spawn} from 'node:child_process';
import process from 'node:process';

/** The program of each system that opens the default browser. */
const opener = (file: string): readonly [command: string, ...words: string[]] => {
	switch (process.platform) {
		case 'darwin': {
			return ['open', file];
		}

		case 'win32': {
			return ['rundll32', 'url.dll,FileProtocolHandler', file];
		}

		default: {
			return ['xdg-open', file];
		}
	}
};

/** An opener that still runs after this many milliseconds is the browser itself. */
const patience = 3000;

/**
 * Opens a page in the browser.
 *
 * @returns why that could not be done
 */
export const openPage = async (file: string): Promise<string | undefined> => {
	const [command, ...words] = opener(file);
	const child = spawn(command, words, {stdio: 'ignore', detached: true});
	child.unref();
	return new Promise(resolve => {
		const timer = setTimeout(() => resolve(undefined), patience);
		const end = (problem: string | undefined): void => {
			clearTimeout(timer);
			resolve(problem);
		};
		child.once('error', error =>
			end((error as NodeJS.ErrnoException).code === 'ENOENT' ? `there is no ${command} here` : error.message),
		);
		child.once('exit', code => end(code === 0 ? undefined : `${command} ended with ${code ?? 'a signal'}`));
	});
};
