import {spawnSync} from 'node:child_process';

/** Returns the commit that is checked out in a folder, and whether nothing was changed since; `null` outside of git. */
export const commitOf = (folder: string): {hash: string; clean: boolean} | null => {
	const git = (...words: string[]): string | undefined => {
		const {status, stdout} = spawnSync('git', ['-C', folder, ...words], {encoding: 'utf8'});
		return status === 0 ? stdout.trim() : undefined;
	};
	const hash = git('rev-parse', '--verify', 'HEAD');
	return hash === undefined ? null : {hash, clean: git('status', '--porcelain') === ''};
};
