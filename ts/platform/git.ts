import {spawnSync} from 'node:child_process';
import process from 'node:process';

/** The outcome of a git command: what it printed, or why it failed. */
export type GitResult =
	| {readonly ok: true; readonly text: string}
	| {readonly ok: false; readonly reason: 'missing' | 'too slow' | 'failed'; readonly text: string};

/** Variables by which git, in a hook, points its commands to a repository; `folder` is to decide that. */
const pointers = new Set(['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_COMMON_DIR']);

const environment = (): NodeJS.ProcessEnv => ({
	...Object.fromEntries(Object.entries(process.env).filter(([name]) => !pointers.has(name))),
	...{LC_ALL: 'C', LANGUAGE: 'C'}, // its messages are compared
	...{GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1', GIT_OPTIONAL_LOCKS: '0', GIT_NO_REPLACE_OBJECTS: '1'},
});

/** Switches off what would run a program or print more. */
const settings = ['-c', 'core.fsmonitor=false', '-c', 'log.showSignature=false'];

/**
 * Runs git in a folder, without a shell. Nothing that a repository configures is run, except hooks by commands that have them.
 *
 * @param seconds after which it is ended
 */
export const git = (folder: string, words: readonly string[], seconds = 20): GitResult => {
	const {status, stdout, stderr, error} = spawnSync('git', ['-C', folder, ...settings, ...words], {
		...{encoding: 'utf8', env: environment(), timeout: seconds * 1000, maxBuffer: 2 ** 28, windowsHide: true},
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	if (error) {
		const {code} = error as NodeJS.ErrnoException;
		const reason = code === 'ENOENT' ? 'missing' : code === 'ETIMEDOUT' ? 'too slow' : 'failed';
		return {ok: false, reason, text: error.message};
	}

	return status === 0 ? {ok: true, text: stdout} : {ok: false, reason: 'failed', text: stderr.trim()};
};

/** Whether a folder is in a repository that has all its commits; otherwise why not. */
export type GitState =
	| {readonly state: 'complete' | 'shallow' | 'outside' | 'missing' | 'too slow'}
	| {readonly state: 'dubious' | 'old' | 'failed'; readonly detail: string};

/** Returns what git can say about a folder. */
export const gitState = (folder: string): GitState => {
	const found = git(folder, ['rev-parse', '--is-inside-work-tree', '--is-shallow-repository']);
	if (found.ok) {
		const [, isShallow] = found.text.trim().split('\n');
		if (isShallow === 'true' || isShallow === 'false') {
			return {state: isShallow === 'true' ? 'shallow' : 'complete'};
		}

		// before version 2.15, git repeats a question that it does not know
		const version = git(folder, ['--version']);
		return {state: 'old', detail: version.text.trim()};
	}

	if (found.reason !== 'failed') {
		return {state: found.reason};
	}

	if (found.text.includes('dubious ownership')) {
		return {state: 'dubious', detail: /safe\.directory (\S.*)/.exec(found.text)?.[1] ?? folder};
	}

	return found.text.includes('not a git repository')
		? {state: 'outside'}
		: {state: 'failed', detail: found.text.split('\n')[0] ?? ''};
};
