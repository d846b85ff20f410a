import path from 'node:path';
import {ConfigError, RecordError} from '../errors/index.js';
import {type GitState, git, gitState} from '../platform/git.js';

/** Returns the commit that is checked out in a folder, and whether nothing was changed since; `null` outside of git. */
export const commitOf = (folder: string): {hash: string; clean: boolean} | null => {
	const head = git(folder, ['rev-parse', '--verify', 'HEAD']);
	if (!head.ok) {
		return null;
	}

	const status = git(folder, ['status', '--porcelain']);
	return {hash: head.text.trim(), clean: status.ok && status.text === ''};
};

/** Says in a sentence which commit was checked out: `at commit 553addf`. */
export const commitPhrase = (commit: {readonly hash: string; readonly clean: boolean} | null): string =>
	commit
		? `at commit ${commit.hash.slice(0, 7)}${commit.clean ? '' : ' with changes that were not committed'}`
		: 'outside of git';

/** Says why git can't be asked about a ladder, and what to do; `undefined` if it can. */
export const gitProblem = (ladder: string, state: GitState = gitState(ladder)): string | undefined => {
	switch (state.state) {
		case 'complete': {
			return undefined;
		}

		case 'shallow': {
			return 'this is a shallow clone, which lacks earlier commits: run `git fetch --unshallow`';
		}

		case 'outside': {
			return 'the ladder is outside of git: use the repository that it comes from';
		}

		case 'missing': {
			return 'git is not installed, or not on the PATH: install it';
		}

		case 'too slow': {
			return 'git did not answer in time: run the command again when the disk is less busy';
		}

		case 'dubious': {
			return `git does not read a repository that belongs to another user (“dubious ownership”): if you trust it, run \`git config --global --add safe.directory ${state.detail}\``;
		}

		case 'old': {
			return `${state.detail} is too old: install 2.15 or newer`;
		}

		case 'failed': {
			return `git failed (${state.detail})`;
		}
	}
};

/** @throws {ConfigError} if nothing can be committed in a ladder */
export const checkCommittable = (ladder: string): void => {
	const state = gitState(ladder);
	const problem = state.state === 'shallow' ? undefined : gitProblem(ladder, state);
	if (problem !== undefined) {
		const sentence = `the preregistration can’t be committed (\`commit\`): ${problem}`;
		throw new ConfigError('commit', 'left out where git can’t commit', 'true', sentence);
	}
};

/**
 * Commits files, as they are, and nothing else: what is staged of others stays staged. If the first is unchanged, that was done.
 *
 * @throws {RecordError} if git refuses, such as by a hook
 */
export const commitFiles = (ladder: string, files: readonly string[], message: string): void => {
	const relative = files.map(file => path.relative(ladder, file));
	const run = (words: readonly string[], seconds?: number): string => {
		const done = git(ladder, ['--literal-pathspecs', ...words], seconds);
		if (!done.ok) {
			const lines = done.text.split('\n').filter(line => line.trim() !== '');
			throw new RecordError(
				files[0] ?? ladder,
				`git could not commit it (${lines.slice(0, 3).join('; ')}): commit it by hand, and run the command again`,
			);
		}

		return done.text;
	};
	if (run(['status', '--porcelain', '--ignored', '--', ...relative.slice(0, 1)]) === '') {
		return;
	}

	run(['add', '--', ...relative]);
	run(['commit', '--quiet', '--only', '--message', message, '--', ...relative], 300); // its hooks may test
};
