import process from 'node:process';
import {familySync, MUSL} from 'detect-libc';

/** Platforms that a prebuilt addon is published for: what follows `@stepladder/` in the names of their packages. */
export const platforms = [
	'linux-x64-gnu',
	'linux-x64-musl',
	'linux-arm64-gnu',
	'linux-arm64-musl',
	'darwin-arm64',
	'darwin-x64',
	'win32-x64',
] as const;

/** This platform, by the name that its package would have. */
export const thisPlatform = (): string => {
	const {platform, arch} = process;
	const libc = platform === 'linux' ? (familySync() === MUSL ? '-musl' : '-gnu') : '';
	return `${platform}-${arch}${libc}`;
};
