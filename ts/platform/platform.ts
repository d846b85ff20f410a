import process from 'node:process';
import {familySync, MUSL} from 'detect-libc';

/** Platforms with a prebuilt addon, as in the names of their packages after `@stepladder/`. */
export const platforms = [
	'linux-x64-gnu',
	'linux-x64-musl',
	'linux-arm64-gnu',
	'linux-arm64-musl',
	'darwin-arm64',
	'darwin-x64',
	'win32-x64',
] as const;

/** Returns this platform, as in the name of its package. */
export const thisPlatform = (): string => {
	const {platform, arch} = process;
	const libc = platform === 'linux' ? (familySync() === MUSL ? '-musl' : '-gnu') : '';
	return `${platform}-${arch}${libc}`;
};
