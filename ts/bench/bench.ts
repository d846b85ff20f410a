import os from 'node:os';
import process from 'node:process';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {type Data, sourceOf} from '../data/data.js';
import {ConfigError} from '../errors/index.js';
import {multiplyAddsOf} from '../experiment/summarize.js';
import type {Engine} from '../native/engine.js';
import {hasTorch, native, nativeFor} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {throwIfAborted} from '../platform/abort.js';
import {median} from '../statistics/median.js';
import type {Step, Trainable} from '../step/define-step.js';
import {train} from '../training/train.js';
import {eager, pytorch} from './peers.js';
import {type PredictResult, timePredictions} from './predict.js';
import {type LeftOut, type PeerPlaces, type ReadyPeer, startPeers} from './start-peers.js';

/** An engine or a library that is timed. */
type Contestant = {
	readonly name: string;
	/** Whether it is another library. */
	readonly isPeer: boolean;
	/** Whether it is the one that others are compared with. */
	readonly isEager: boolean;
	readonly threads: number;
	/** Number of images of a pass. */
	readonly images: number;
	/** Whether images are augmented as the step says: only equal ones are compared. */
	readonly isAugmented: boolean;
	/** Runs a training pass and returns its seconds, or why it failed. */
	readonly pass: () => Promise<number | string>;
};

/** Times of a contestant over the rounds. */
export type BenchRow = {
	readonly name: string;
	readonly threads: number;
	/** Number of images of a pass. */
	readonly images: number;
	/** Whether images were augmented as the step says. */
	readonly isAugmented: boolean;
	/** Time of each round's training pass, in the order of the rounds. */
	readonly seconds: readonly number[];
	/** Training images per second of the median round. */
	readonly imagesPerSecond: number;
	/** Speed relative to PyTorch in eager mode with equal augmentation, by medians; `undefined` without it. */
	readonly overEager: number | undefined;
	/** Speed relative to the fastest other library with equal augmentation, by medians; `undefined` without one. */
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
	readonly predict: PredictResult;
	/** Libraries that were not timed, and why. */
	readonly leftOut: readonly LeftOut[];
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
export type BenchOptions = PeerPlaces & {
	readonly rounds: number;
	/** Number of training images of a pass; all if `undefined`. */
	readonly images: number | undefined;
	/** Data to train on. */
	readonly data: Data;
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
 * @throws {ConfigError} for invalid options, and for a Python that can't be started
 */
export const bench = async (step: Step, options: BenchOptions): Promise<BenchResult> => {
	const {rounds, data, tell, signal} = options;
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

	const {cores, isa} = unwrap(native().runtimeInfo());
	if (hasTorch()) {
		nativeFor({engine: 'aten'}); // reports a missing libtorch before anything is timed
	}

	const {experiment} = step;
	const training = {experiment, folder: data.idx.folder, signal};
	const peers = await startPeers(options, training, tell);
	try {
		if (!hasTorch()) {
			tell('The engine `aten` is skipped: libtorch is not built in');
		}

		const contestants = contestantsOf(step, peers.ready, {data, images, cores, signal});
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
		const rows = rowsOf(contestants, seconds, errors);
		tell('Predicting');
		const {predict, leftOut} = await timePredictions(step, data, options, signal, tell);
		return {
			...{step: step.name, images, rounds, limit, multiplyAdds, predict},
			rows: rows.map(row => ({
				...row,
				shareOfLimit: shareOf(row, multiplyAdds, row.threads === 1 ? limit.oneCore : limit.allCores),
			})),
			leftOut: [...peers.leftOut, ...leftOut],
			peakMemory: {
				stepladder: process.resourceUsage().maxRSS * 1024,
				...Object.fromEntries(peers.ready.map(({kind, peer}) => [kind.name, peer.peakMemory])),
			},
			machine: {cpu: os.cpus()[0]?.model.trim() ?? '', cores, isa, environment: setEnvironment()},
			versions: {
				node: process.versions.node,
				...Object.fromEntries(peers.ready.map(({kind, version}) => [kind.name, version])),
				...(predict.onnxRuntime ? {'ONNX Runtime': predict.onnxRuntime.version} : {}),
			},
		};
	} finally {
		await peers.close();
	}
};

const setEnvironment = (): Record<string, string> =>
	Object.fromEntries(environmentNames.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])));

type Timed = Pick<BenchOptions, 'data' | 'signal'> & {readonly images: number; readonly cores: number};

/**
 * Lists the engines and libraries of a step. Where the step augments, those that can't are timed without, beside Stepladder and
 * PyTorch without.
 */
const contestantsOf = (
	step: Step,
	peers: readonly ReadyPeer[],
	{data, images, cores, signal}: Timed,
): readonly Contestant[] => {
	const augments = step.experiment.augmentation !== undefined;
	const plainStep: Trainable = {...step, experiment: {...step.experiment, augmentation: undefined}};
	const nameOf = (who: string, threads: number, isAugmented: boolean): string =>
		`${who}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${augments && !isAugmented ? ', not augmented' : ''}`;
	const ours = (engine: Engine, threads: number, isAugmented = augments): Contestant => ({
		...{name: nameOf(engine, threads, isAugmented), isPeer: false, isEager: false, threads, images, isAugmented},
		pass: async () => ourPass(isAugmented ? step : plainStep, {data, engine, threads, images, signal}),
	});
	const theirs = ({kind, peer}: ReadyPeer, variant: string, isAugmented: boolean): Contestant => {
		const threads = kind.isParallel ? cores : 1;
		const some = Math.min(images, (kind.mostBatches ?? Number.POSITIVE_INFINITY) * step.experiment.batchSize);
		return {
			...{name: nameOf(`${kind.name} ${variant}`, threads, isAugmented), threads, images: some, isAugmented},
			...{isPeer: true, isEager: kind === pytorch && variant === eager},
			async pass() {
				const pass = await peer.pass(variant, threads, some, isAugmented);
				return 'error' in pass ? pass.error : pass.seconds;
			},
		};
	};
	const alike = peers.filter(({kind}) => kind.augments || !augments);
	const plain = peers.filter(({kind}) => !kind.augments && augments);
	const plainEager = plain.length > 0 ? peers.filter(({kind}) => kind === pytorch) : [];
	return [
		...[ours('fused', 1), ...(cores > 1 ? [ours('fused', cores)] : [])],
		...(hasTorch() ? [ours('aten', cores)] : []),
		...alike.flatMap(peer => peer.kind.variants.map(variant => theirs(peer, variant, augments))),
		...(plain.length > 0 ? [ours('fused', cores, false)] : []),
		...plainEager.map(peer => theirs(peer, eager, false)),
		...plain.flatMap(peer => peer.kind.variants.map(variant => theirs(peer, variant, false))),
	];
};

type Ours = {readonly engine: Engine; readonly threads: number; readonly images: number};

/** Trains one epoch and returns its seconds without evaluation. */
const ourPass = async (
	step: Trainable,
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
	// A timing is no attempt at the step's target: the ledger does not note it.
	for await (const event of train({...step, ladder: undefined}, options)) {
		if (event.type === 'epoch') {
			seconds = event.seconds; // evaluating one test image takes no measurable time
		}
	}

	return seconds;
};

/** Returns a row for each, compared with the libraries whose images were augmented equally. */
const rowsOf = (
	contestants: readonly Contestant[],
	seconds: ReadonlyMap<string, number[]>,
	errors: ReadonlyMap<string, string>,
): Array<Omit<BenchRow, 'shareOfLimit'>> => {
	const speedOf = ({name, images}: Contestant): number => images / median(seconds.get(name) ?? []);
	const timed = contestants.filter(({name, isPeer}) => isPeer && !errors.has(name));
	return contestants.map(contestant => {
		const {name, threads, images, isAugmented} = contestant;
		const error = errors.get(name);
		const speed = speedOf(contestant);
		const alike = timed.filter(peer => peer.isAugmented === isAugmented);
		const eager = alike.find(peer => peer.isEager);
		const best = alike.length > 0 ? Math.max(...alike.map(speedOf)) : undefined;
		return {
			...{name, threads, images, isAugmented},
			...{seconds: seconds.get(name) ?? [], imagesPerSecond: speed, error},
			overEager: eager && !error ? speed / speedOf(eager) : undefined,
			overBest: best && !error ? speed / best : undefined,
		};
	});
};

const shareOf = (row: {imagesPerSecond: number; error: string | undefined}, multiplyAdds: number, limit: number) =>
	row.error ? undefined : (row.imagesPerSecond * multiplyAdds) / (limit * 1e9);
