import {execFile} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';
import {summarize} from '../experiment/summarize.js';
import {abortedBy} from '../platform/abort.js';
import {packageRoot} from '../platform/package-root.js';
import {Peer, type PeerCommand, type PeerTraining} from './peer.js';
import {type PeerKind, peerKinds} from './peers.js';

/** What libraries are run with. */
export type PeerPlaces = {
	/** A Python with PyTorch, JAX and tinygrad, or some of them. */
	readonly python?: string | undefined;
	/** A folder whose `node_modules` has tfjs, ONNX Runtime, or both. */
	readonly npm?: string | undefined;
	/** Whether cargo builds burn and candle. */
	readonly rustPeers?: boolean | undefined;
};

/** A library that is left out, and why. */
export type LeftOut = {readonly name: string; readonly reason: string};

/** A library that is ready. */
export type ReadyPeer = {readonly kind: PeerKind; readonly peer: Peer; readonly version: string};

export type Peers = {
	readonly ready: readonly ReadyPeer[];
	readonly leftOut: readonly LeftOut[];
	/** Ends all processes. */
	readonly close: () => Promise<void>;
};

/** Folder of the scripts that run peers. */
export const scripts = path.join(packageRoot, 'scripts', 'reference');

/**
 * Starts all libraries that are there. One that is missing or can't train the experiment is left out.
 *
 * @throws {ConfigError} for a Python that can't be started or speaks something else
 */
export const startPeers = async (
	places: PeerPlaces,
	training: PeerTraining,
	tell: (line: string) => void,
): Promise<Peers> => {
	const ready: ReadyPeer[] = [];
	const leftOut: LeftOut[] = [];
	const close = async (): Promise<void> => {
		await Promise.all(ready.map(async ({peer}) => peer.close()));
	};
	const leaveOut = (name: string, reason: string): void => {
		leftOut.push({name, reason});
		tell(`${name} is left out: ${reason}`);
	};

	const programs = places.rustPeers ? await buildRustPeers(training.signal, tell) : undefined;
	const {parameters} = summarize(training.experiment.net);
	try {
		for (const kind of peerKinds) {
			const command = commandOf(kind, places, programs);
			if ('reason' in command) {
				leaveOut(kind.name, command.reason);
				continue;
			}

			const started = await Peer.start(command, training);
			if ('missing' in started) {
				leaveOut(kind.name, `\`${started.missing}\` is missing (${kind.install})`);
			} else if ('error' in started) {
				leaveOut(kind.name, started.error);
			} else if (started.parameters === parameters) {
				ready.push({kind, peer: started.peer, version: started.version});
			} else {
				await started.peer.close();
				leaveOut(kind.name, `its net has ${started.parameters} parameters, not ${parameters}`);
			}
		}
	} catch (error) {
		await close();
		throw error;
	}

	return {ready, leftOut, close};
};

/** Returns how to start a library, or why it is left out. */
const commandOf = (
	{name, runs, script, install}: PeerKind,
	{python, npm}: PeerPlaces,
	programs: RustPrograms | undefined,
): PeerCommand | {readonly reason: string} => {
	if (runs === 'python') {
		return python === undefined
			? {reason: `name a Python that has it with \`--python\` (${install})`}
			: {name, program: python, words: [path.join(scripts, script)], isPython: true};
	}

	if (runs === 'node') {
		return npm === undefined
			? {reason: `name a folder that has it with \`--npm\` (${install})`}
			: {name, program: process.execPath, words: [path.join(scripts, script), path.resolve(npm)], isPython: false};
	}

	if (programs === undefined) {
		return {reason: 'build it with `--rust-peers` (minutes, once)'};
	}

	return 'error' in programs
		? {reason: programs.error}
		: {name, program: path.join(programs.folder, script), words: [], isPython: false};
};

type RustPrograms = {readonly folder: string} | {readonly error: string};

/** Builds burn and candle, which takes minutes for the first time. */
const buildRustPeers = async (signal: AbortSignal, tell: (line: string) => void): Promise<RustPrograms> => {
	tell('Building burn and candle');
	const crate = path.join(scripts, 'rust-peers');
	const target = path.join(packageRoot, 'build', 'rust-peers');
	try {
		const words = ['build', '--release', '--locked', '--target-dir', target];
		await promisify(execFile)('cargo', words, {cwd: crate, signal});
		return {folder: path.join(target, 'release')};
	} catch (error) {
		if (signal.aborted) {
			throw abortedBy(signal);
		}

		const {stderr, message} = error as Error & {stderr?: string};
		return {error: `cargo could not build it: ${stderr?.trim().split('\n').at(-1) || message}`};
	}
};
