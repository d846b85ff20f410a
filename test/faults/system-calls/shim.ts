import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, realpathSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {root} from '../../helpers/cli.js';

/** The kinds of calls that the shim counts, in the order of its `enum kind`. */
export const kinds = [
	...(['open', 'create', 'read', 'write', 'sync'] as const),
	...(['rename', 'mkdir', 'unlink', 'truncate', 'list'] as const),
] as const;

export type Kind = (typeof kinds)[number];

/** The fault at a call: an errno, or one of shim.c's words. A `+` after it: at all later calls, too. */
const faultsOf: Readonly<Record<Kind, readonly string[]>> = {
	open: ['EIO', 'EACCES', 'EMFILE', 'kill', 'INT', 'TERM', 'HUP'],
	create: ['ENOSPC', 'ENOSPC+', 'EROFS+', 'EACCES', 'EIO', 'kill'],
	read: ['EIO', 'short'],
	write: ['ENOSPC', 'ENOSPC+', 'EIO', 'EIO+', 'short', 'torn', 'kill'],
	sync: ['EIO', 'ENOSPC', 'kill'],
	rename: ['EIO', 'ENOSPC', 'EROFS+', 'EACCES', 'kill', 'INT', 'TERM', 'HUP'],
	mkdir: ['ENOSPC', 'EROFS+', 'EACCES', 'kill'],
	unlink: ['EIO', 'EROFS+', 'EACCES', 'kill'],
	truncate: ['EIO', 'ENOSPC', 'kill'],
	list: ['EIO', 'EACCES', 'EMFILE'],
};

/** One fault: `write.12.ENOSPC`. */
export type Fault = {
	readonly kind: string;
	readonly at: number;
	readonly what: string;
	/** Counts only calls of paths that end with this. */
	readonly file?: string;
};

export const parseFault = (name: string): Fault => {
	const [kind = '', at = '', what = ''] = name.split('.');
	return {kind, at: Number(at), what};
};

/** Returns every fault for a program with these counts of calls. */
export const faultsIn = (counts: Readonly<Record<Kind, number>>): readonly string[] =>
	kinds.flatMap(kind =>
		faultsOf[kind].flatMap(what => Array.from({length: counts[kind]}, (_, index) => `${kind}.${index + 1}.${what}`)),
	);

/** Returns the reason if there is no shim here. */
export const noShim = (): string | undefined =>
	process.platform === 'linux' ? undefined : 'calls are made to fail by LD_PRELOAD, which is Linux’s';

let compiled: string | undefined;

/** Compiles the shim with the linker driver that Rust needs anyway. */
const shim = (): string => {
	if (compiled === undefined) {
		const folder = path.join(root, 'build', 'faults');
		mkdirSync(folder, {recursive: true});
		const library = path.join(folder, `shim-${process.pid}.so`);
		process.once('exit', () => rmSync(library, {force: true}));
		const source = path.join(root, 'test', 'faults', 'system-calls', 'shim.c');
		const {status, stderr} = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], {
			encoding: 'utf8',
		});
		if (status !== 0) {
			throw new Error(`cc could not compile ${source}: ${stderr}`);
		}

		compiled = library;
	}

	return compiled;
};

/** Returns the environment that counts a program's calls under a folder, and makes one of them fail. */
export const shimEnvironment = (under: string, state: string, fault?: Fault, clockBack?: number): NodeJS.ProcessEnv => {
	rmSync(state, {force: true});
	const word = fault?.what.replace('+', '') ?? '';
	const number = (os.constants.errno as Record<string, number>)[word];
	return {
		...{LD_PRELOAD: shim(), FAULT_UNDER: realpathSync(under), FAULT_STATE: state},
		...(fault && {FAULT_KIND: fault.kind, FAULT_AT: String(fault.at), FAULT_DO: String(number ?? word)}),
		...(fault?.file !== undefined && {FAULT_FILE: fault.file}),
		...(fault?.what.endsWith('+') && {FAULT_STAYS: '1'}),
		...(clockBack !== undefined && {FAULT_CLOCK: String(clockBack)}),
	};
};

/** Returns the shim's counts, and the call that failed. */
export const readState = (file: string): {counts: Record<Kind, number>; struck: string | undefined} => {
	const bytes = readFileSync(file);
	const counts = Object.fromEntries(kinds.map((kind, index) => [kind, bytes.readUInt32LE(8 + 4 * index)]));
	const where = bytes.subarray(8 + 4 * (kinds.length + 1));
	const struck = bytes.readUInt32LE(4) === 1 ? where.subarray(0, where.indexOf(0)).toString() : undefined;
	return {counts: counts as Record<Kind, number>, struck};
};
