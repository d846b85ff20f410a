import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {type Data, sourceOf} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {multiplyAddsOf} from '../experiment/summarize.js';
import {loadModel} from '../model/load-model.js';
import type {Engine} from '../native/engine.js';
import {hasTorch, native, nativeFor} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {abortedBy} from '../platform/abort.js';
import type {Step} from '../step/define-step.js';
import {train} from '../training/train.js';
import {jax, Peer, type PeerKind, pytorch} from './peer.js';

/** An engine or a library that is timed. */
type Contestant = {
	readonly name: string;
	/** Whether it is another library. */
	readonly peer?: boolean;
	/** Runs a training pass and returns its seconds, or why it failed. */
	readonly pass: () => Promise<number | string>;
};

/** Times of a contestant over the rounds. */
export type BenchRow = {
	readonly name: string;
	/** Time of each round's training pass, in the order of the rounds. */
	readonly seconds: readonly number[];
	/** Training images per second of the median round. */
	readonly imagesPerSecond: number;
	/** Speed relative to PyTorch in eager mode, by medians; `undefined` without it. */
	readonly overEager: number | undefined;
	/** Speed relative to the fastest of PyTorch and JAX, by medians; `undefined` without them. */
	readonly overBest: number | undefined;
	/** Convolutions' multiply-adds per second as a share of the limit of the cores in use. */
	readonly shareOfLimit: number | undefined;
	/** Why it failed; `undefined` if it did not. */
	readonly error: string | undefined;
};

/** Times of all contestants on a step. */
export type BenchResult = {
	readonly step: string;
	readonly images: number;
	readonly rounds: number;
	readonly rows: readonly BenchRow[];
	/** Highest possible multiply-adds per second, in units of 10^9. */
	readonly limit: {readonly oneCore: number; readonly allCores: number};
	/** Multiply-adds of the convolutions per image, forward and backward. */
	readonly multiplyAdds: number;
	/** Median wall-clock milliseconds of predicting one and 10,000 images from Node. */
	readonly predict: {readonly one: number; readonly tenThousand: number};
	/** Peak memory in bytes by process: this one at its end, and one per peer. */
	readonly peakMemory: Readonly<Record<string, number>>;
	readonly machine: {
		readonly cpu: string;
		readonly cores: number;
		readonly isa: string;
		/** Environment variables that were set and can limit an engine's instructions. */
		readonly environment: Readonly<Record<string, string>>;
	};
	readonly versions: Readonly<Record<string, string>>;
};

/** Options of {@link bench}. */
export type BenchOptions = {
	readonly rounds: number;
	/** Number of training images of a pass; all if `undefined`. */
	readonly images: number | undefined;
	/** Data to train on. */
	readonly data: Data;
	/** A Python that can import torch, and jax if JAX is to be timed; without it, neither is timed. */
	readonly python: string | undefined;
	/** Called with a line of progress before each pass. */
	readonly tell: (line: string) => void;
	/** Stops the benchmark within a batch. */
	readonly signal: AbortSignal;
};

/** Environment variables that choose instructions: ours, ATen's, oneDNN's and XLA's. */
const environmentNames = ['STEPLADDER_ISA', 'ATEN_CPU_CAPABILITY', 'ONEDNN_MAX_CPU_ISA', 'XLA_FLAGS'];

/**
 * Times training passes of a step. Every round runs all contestants in turn, so that drift of the machine affects all.
 *
 * @throws {ConfigError} for invalid options, and for a Python that can't run PyTorch
 */
export const bench = async (step: Step, options: BenchOptions): Promise<BenchResult> => {
	const {rounds, data, python, tell, signal} = options;
	const {images = data.train} = options;
	if (!Number.isInteger(rounds) || rounds < 1) {
		throw new ConfigError('rounds', 'a whole number from 1', String(rounds));
	}

	if (!Number.isInteger(images) || images < 1 || images > data.train) {
		throw new ConfigError(
			'images',
			`a whole number from 1 to ${data.train}, the training images there are`,
			String(images),
		);
	}

	if (python !== undefined && data.channels !== 1) {
		const sentence = '`--python` can’t be used with this ladder: PyTorch and JAX are timed on grayscale images only';
		throw new ConfigError('python', 'left out', python, sentence);
	}

	const {cores, isa} = unwrap(native().runtimeInfo());
	if (hasTorch()) {
		nativeFor({engine: 'aten'}); // reports a missing libtorch before anything is timed
	}

	const peers: Peer[] = [];
	const versions: Record<string, string> = {node: process.versions.node};
	const start = async (kind: PeerKind): Promise<void> => {
		const {peer, version} = await Peer.start(kind, python ?? '', {
			experiment: step.experiment,
			folder: data.idx.folder,
			signal,
		});
		peers.push(peer);
		versions[kind.name] = version;
	};

	try {
		if (python !== undefined) {
			await start(pytorch);
			await start(jax).catch(() => {
				throwIfAborted(signal);
				tell('JAX is skipped: that Python does not have it');
			});
		}

		const ours = (engine: Engine, threads: number): Contestant => ({
			name: `${engine}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
			pass: async () => ourPass(step, {data, engine, threads, images, signal}),
		});
		const theirs = (peer: Peer, variant: string): Contestant => ({
			name: `${peer.kind.name} ${variant}, ${cores} threads`,
			peer: true,
			async pass() {
				const pass = await peer.pass(variant, cores, images);
				return 'error' in pass ? pass.error : pass.seconds;
			},
		});
		if (!hasTorch()) {
			tell('The engine `aten` is skipped: libtorch is not built in');
		}

		const contestants = [
			...[ours('fused', 1), ...(cores > 1 ? [ours('fused', cores)] : [])],
			...(hasTorch() ? [ours('aten', cores)] : []),
			...peers.flatMap(peer => peer.kind.variants.map(variant => theirs(peer, variant))),
		];

		const seconds = new Map<string, number[]>(contestants.map(({name}) => [name, []]));
		const errors = new Map<string, string>();
		for (let round = 1; round <= rounds; round += 1) {
			for (const {name, pass} of contestants.filter(({name}) => !errors.has(name))) {
				throwIfAborted(signal);
				tell(`Round ${round}/${rounds}: ${name}`);
				const outcome = await pass();
				throwIfAborted(signal); // an interrupted pass has no time
				if (typeof outcome === 'string') {
					errors.set(name, outcome);
				} else {
					seconds.get(name)?.push(outcome);
				}
			}
		}

		const limitOf = (threads: number): number => unwrap(native().multiplyAddLimit(threads)).multiplyAdds;
		const limit = {oneCore: limitOf(1), allCores: limitOf(cores)};
		await nextTurn(); // lets a pending signal arrive
		throwIfAborted(signal);
		const multiplyAdds = multiplyAddsOf(step.experiment.net);
		const rows = rowsOf(contestants, seconds, errors, images);
		tell('Predicting');
		return {
			...{step: step.name, images, rounds, limit, multiplyAdds},
			rows: rows.map(row => ({
				...row,
				shareOfLimit: shareOf(row, multiplyAdds, row.name.endsWith('1 thread') ? limit.oneCore : limit.allCores),
			})),
			predict: await predictLatency(step, data, signal),
			peakMemory: {
				stepladder: process.resourceUsage().maxRSS * 1024,
				...Object.fromEntries(peers.map(({kind, peakMemory}) => [kind.name, peakMemory])),
			},
			machine: {cpu: os.cpus()[0]?.model.trim() ?? '', cores, isa, environment: setEnvironment()},
			versions,
		};
	} finally {
		await Promise.all(peers.map(async peer => peer.close()));
	}
};

const throwIfAborted = (signal: AbortSignal): void => {
	if (signal.aborted) {
		throw abortedBy(signal);
	}
};

const setEnvironment = (): Record<string, string> =>
	Object.fromEntries(environmentNames.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])));

type Ours = {readonly engine: Engine; readonly threads: number; readonly images: number};

/** Trains one epoch and returns its seconds without evaluation. */
const ourPass = async (
	step: Step,
	{data, engine, threads, images, signal}: Pick<BenchOptions, 'data' | 'signal'> & Ours,
): Promise<number> => {
	const options = {
		data: sourceOf(data),
		engine,
		threads,
		signal,
		device: 'cpu',
		epochs: 1,
		limitTrain: images,
		limitTest: 1,
	} as const;
	let seconds = Number.NaN;
	for await (const event of train(step, options)) {
		if (event.type === 'epoch') {
			seconds = event.seconds; // evaluating one test image takes no measurable time
		}
	}

	return seconds;
};

const rowsOf = (
	contestants: readonly Contestant[],
	seconds: ReadonlyMap<string, number[]>,
	errors: ReadonlyMap<string, string>,
	images: number,
): Array<Omit<BenchRow, 'shareOfLimit'>> => {
	const medianOf = (name: string): number => median(seconds.get(name) ?? []);
	const peers = contestants.filter(({name, peer}) => peer && !errors.has(name)).map(({name}) => name);
	const eager = peers.find(name => name.includes('eager'));
	const best = peers.length > 0 ? Math.min(...peers.map(medianOf)) : undefined;
	return contestants.map(({name}) => {
		const error = errors.get(name);
		const time = medianOf(name);
		return {
			...{name, seconds: seconds.get(name) ?? [], imagesPerSecond: images / time, error},
			overEager: eager && !error ? medianOf(eager) / time : undefined,
			overBest: best && !error ? best / time : undefined,
		};
	});
};

const median = (values: readonly number[]): number => {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length / 2;
	return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
};

const shareOf = (row: {imagesPerSecond: number; error: string | undefined}, multiplyAdds: number, limit: number) =>
	row.error ? undefined : (row.imagesPerSecond * multiplyAdds) / (limit * 1e9);

/** Measures predictions through the public API. */
const predictLatency = async (step: Step, data: Data, signal: AbortSignal): Promise<BenchResult['predict']> => {
	const out = mkdtempSync(path.join(os.tmpdir(), 'stepladder-bench-'));
	try {
		let folder = '';
		const short = {epochs: 1, limitTrain: 256, limitTest: 1} as const;
		for await (const event of train(step, {data: sourceOf(data), ...short, out, signal})) {
			folder = (event.type === 'seed' && event.folder) || folder;
		}

		const model = await loadModel(path.join(folder, 'model.safetensors'));
		const time = async (images: number, calls: number): Promise<number> => {
			const pixels = new Uint8Array(images * model.channels * model.size ** 2);
			const times: number[] = [];
			for (let call = 0; call < calls; call += 1) {
				throwIfAborted(signal);
				const begun = performance.now();
				await model.predict(pixels);
				times.push(performance.now() - begun);
			}

			return median(times);
		};

		return {one: await time(1, 50), tenThousand: await time(10_000, 5)};
	} finally {
		rmSync(out, {recursive: true, force: true});
	}
};
