import path from 'node:path';
import {platforms, thisPlatform} from '../platform/platform.js';

/** An addon is not the file that was published. */
export class DamagedAddon extends Error {}

/** What is known of an addon that could not be loaded. */
export type LoadFailure = {
	readonly error: unknown;
	/** The file or the package that was tried. */
	readonly addon: string;
	/** Whether addons are built here. */
	readonly isClone: boolean;
	/** Platforms whose packages are installed, whole or not. */
	readonly installed: readonly string[];
	/** @default this platform */
	readonly platform?: string;
};

const fromSource =
	'build it from source: in a clone of the repository, with Rust and a C compiler, run `npm run build` (`npm run doctor` says what is missing)';

/** Why an addon could not be loaded, and what mends it. */
export const explain = ({error, addon, isClone, installed, platform = thisPlatform()}: LoadFailure): string => {
	const reason = firstLine(error);
	const isMissing = (error as NodeJS.ErrnoException)?.code === 'MODULE_NOT_FOUND';
	if (isMissing && isClone) {
		return `there is no addon for ${platform} in build/addon: build it with \`npm run build\``;
	}

	if (isMissing && !(platforms as readonly string[]).includes(platform)) {
		return `there is no prebuilt addon for ${platform} (there are ${platforms.join(', ')}): ${fromSource}`;
	}

	if (isMissing && installed.includes(platform)) {
		return `${addon} is damaged: a file of it is missing. Remove node_modules and install again`;
	}

	if (isMissing && installed.length > 0) {
		return (
			`${addon} is not installed, but the addon for ${installed.join(', ')} is: node_modules comes from another machine, ` +
			`container or Node. Remove node_modules and install again here${rosetta(platform, installed)}`
		);
	}

	if (isMissing) {
		return (
			`${addon} is not installed: optional dependencies were left out, or a lock file made on another platform hides them ` +
			'(npm/cli#4828). Install again without `--omit=optional`; if that does not help, remove node_modules and the lock file first'
		);
	}

	if (error instanceof DamagedAddon) {
		return `${addon} is damaged: ${reason} is not the file that was published. Remove node_modules and install again`;
	}

	const glibc = glibcAskedFor(reason);
	if (glibc !== undefined) {
		return `${addon} needs glibc ${glibc} or newer, which this system does not have (${reason}): use a newer system, or ${fromSource}`;
	}

	if (/ld-musl|libc\.musl/.test(reason)) {
		return `${addon} is for musl, and this system has glibc (${reason}): remove node_modules and install again here`;
	}

	if (
		/invalid ELF header|wrong ELF class|incompatible architecture|not a valid Win32|mach-o|file too short/i.test(reason)
	) {
		return `${addon} is damaged, or of another platform than ${platform} (${reason}): remove node_modules and install again here`;
	}

	return `${addon} could not be loaded (${reason}): install again, or ${fromSource}`;
};

/** Why the addon with libtorch could not be loaded, though it is there, and what mends it. */
export const explainTorch = (error: unknown, addon: string, command: string): string => {
	const reason = error instanceof DamagedAddon ? 'it is not the file that was published' : firstLine(error);
	const glibc = glibcAskedFor(reason);
	return glibc === undefined
		? `${addon} could not be loaded (${reason}): remove ${path.dirname(addon)} and get it again with \`${command}\``
		: `${addon} needs glibc ${glibc} or newer, which this system does not have (${reason}): use a newer system, or ${fromSource}`;
};

const firstLine = (error: unknown): string =>
	error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);

const glibcAskedFor = (reason: string): string | undefined => /version `GLIBC_([\d.]+)' not found/.exec(reason)?.[1];

/** A Node for Intel on an Apple processor finds addons for Intel alone. */
const rosetta = (platform: string, installed: readonly string[]): string =>
	platform === 'darwin-x64' && installed.includes('darwin-arm64')
		? '; this Node is one for Intel under Rosetta, and one for Apple silicon would be faster'
		: '';
