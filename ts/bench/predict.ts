import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';
import {type Data, sourceOf} from '../data/data.js';
import {formatValue} from '../format/value.js';
import {loadModel, type Model} from '../model/load-model.js';
import {throwIfAborted} from '../platform/abort.js';
import {median} from '../statistics/median.js';
import type {Step} from '../step/define-step.js';
import {train} from '../training/train.js';
import {PeerProcess} from './peer-process.js';
import {type LeftOut, type PeerPlaces, scripts} from './start-peers.js';

/** Median wall-clock milliseconds of predicting one and 10,000 images on one thread. */
export type Latency = {readonly one: number; readonly tenThousand: number};

/** Times of predicting from Node, and those of ONNX Runtime. */
export type PredictResult = Latency & {
	/** ONNX Runtime's times with the same weights; `undefined` if it was left out. */
	readonly onnxRuntime:
		| (Latency & {
				readonly version: string;
				/** Largest difference of a logit minus its image's largest one, over 16 images, between it and Stepladder. */
				readonly largestDifference: number;
		  })
		| undefined;
};

/** The largest difference of logits at which both predict with the same net. */
const tolerance = 1e-4;

const name = 'ONNX Runtime';
const install = 'npm install onnxruntime-node; pip install torch==2.13.0 numpy onnx safetensors';
// So many calls with one image that the first few after 10,000, whose code and weights are no longer in the cache, do not count.
const calls = {rounds: 5, one: 200, compared: 16, many: 10_000} as const;

/** Times predictions through the public API and in ONNX Runtime, in turn, with weights of a short training. */
export const timePredictions = async (
	step: Step,
	data: Data,
	places: PeerPlaces,
	signal: AbortSignal,
	tell: (line: string) => void,
): Promise<{readonly predict: PredictResult; readonly leftOut: readonly LeftOut[]}> => {
	const out = mkdtempSync(path.join(os.tmpdir(), 'stepladder-bench-'));
	let peer: PeerProcess | undefined;
	try {
		let folder = '';
		const short = {epochs: 1, limitTrain: 256, limitTest: 1} as const;
		for await (const event of train({...step, ladder: undefined}, {data: sourceOf(data), ...short, out, signal})) {
			folder = (event.type === 'seed' && event.folder) || folder;
		}

		const file = path.join(folder, 'model.safetensors');
		const model = await loadModel(file);
		const pixels = noise(calls.many * model.channels * model.size ** 2);
		const pixelFile = path.join(out, 'pixels');
		writeFileSync(pixelFile, pixels);
		const ready = await startOnnxRuntime({model: file, pixels: pixelFile, out}, model, places, signal);
		peer = ready.peer;
		const checked = peer ? await compareLogits(peer, model, pixels) : undefined;
		const reason = ready.reason ?? (typeof checked === 'string' ? checked : undefined);
		const leftOut = reason === undefined ? [] : [{name, reason}];
		for (const {reason} of leftOut) {
			tell(`${name} is left out: ${reason}`);
		}

		const times = {ours: [[], []] as [number[], number[]], theirs: [[], []] as [number[], number[]]};
		const timed = peer !== undefined && reason === undefined ? peer : undefined;
		for (let round = 0; round < calls.rounds; round += 1) {
			for (const [place, images, count] of [
				[0, 1, calls.one],
				[1, calls.many, 1],
			] as const) {
				for (let call = 0; call < count; call += 1) {
					throwIfAborted(signal);
					const begun = performance.now();
					await model.predict(pixels.subarray(0, images * (pixels.length / calls.many)));
					times.ours[place].push(performance.now() - begun);
				}

				const answer = await timed?.ask(`${count} ${images}`);
				times.theirs[place].push(...((answer?.fields['milliseconds'] ?? []) as number[]));
			}
		}

		const latency = ([one, many]: readonly [number[], number[]]): Latency => ({
			one: median(one),
			tenThousand: median(many),
		});
		const isTimed = timed !== undefined && times.theirs.every(some => some.length > 0);
		const onnxRuntime =
			isTimed && typeof checked === 'number'
				? {version: ready.version ?? '', largestDifference: checked, ...latency(times.theirs)}
				: undefined;
		return {predict: {...latency(times.ours), onnxRuntime}, leftOut};
	} finally {
		await peer?.close();
		rmSync(out, {recursive: true, force: true});
	}
};

/** Returns bytes without a pattern, the same in every run. */
const noise = (length: number): Uint8Array => {
	let state = 1;
	return Uint8Array.from({length}, () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
		return state >>> 24;
	});
};

type Started = {readonly peer?: PeerProcess; readonly version?: string; readonly reason?: string};

/** Exports the model and starts ONNX Runtime with it, on one thread. */
const startOnnxRuntime = async (
	files: {readonly model: string; readonly pixels: string; readonly out: string},
	{size, channels}: Model,
	{python, npm}: PeerPlaces,
	signal: AbortSignal,
): Promise<Started> => {
	if (python === undefined || npm === undefined) {
		return {reason: `name a folder that has it with \`--npm\`, and a Python with \`--python\` (${install})`};
	}

	const onnx = path.join(files.out, 'model.onnx');
	try {
		const words = [path.join(scripts, 'export_onnx.py'), files.model, onnx];
		const {stdout} = await promisify(execFile)(python, words, {signal});
		const {missing} = Object(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
		if (typeof missing === 'string') {
			return {reason: `\`${missing}\` is missing (${install})`};
		}
	} catch (error) {
		throwIfAborted(signal);
		const {stderr, message} = error as Error & {stderr?: string};
		return {reason: `the model could not be exported: ${stderr?.trim().split('\n').at(-1) || message}`};
	}

	const program = path.join(scripts, 'bench_onnxruntime.mjs');
	const words = [program, path.resolve(npm), onnx, files.pixels, String(size), String(channels)];
	const peer = new PeerProcess(process.execPath, words, signal);
	const {version, missing, error} = (await peer.answer())?.fields ?? {};
	if (typeof version === 'string') {
		return {peer, version};
	}

	await peer.close();
	throwIfAborted(signal);
	return {
		reason:
			typeof missing === 'string' ? `\`${missing}\` is missing (${install})` : String(error ?? 'it ended at once'),
	};
};

/** Compares both on a few images: the largest difference, or a sentence if it is too large. */
const compareLogits = async (peer: PeerProcess, model: Model, pixels: Uint8Array): Promise<number | string> => {
	const length = model.channels * model.size ** 2;
	const answer = await peer.ask(`logits ${calls.compared}`);
	const logits = answer?.fields['logits'];
	const classes = model.classes.length;
	if (!Array.isArray(logits) || logits.length !== calls.compared * classes) {
		return `it answered ${formatValue(answer?.line ?? '')}`;
	}

	const predictions = await model.predict(pixels.subarray(0, calls.compared * length));
	const differences = predictions.flatMap(({probabilities}, image) => {
		// Of our logits only the differences within an image are known, so both sides subtract the largest.
		const theirs = logits.slice(image * classes, (image + 1) * classes) as number[];
		const [ourBest, theirBest] = [Math.log(Math.max(...probabilities)), Math.max(...theirs)];
		return [...probabilities].map((probability, label) =>
			Math.abs(Math.log(probability) - ourBest - ((theirs[label] ?? Number.NaN) - theirBest)),
		);
	});
	const largest = Math.max(...differences);
	return largest <= tolerance ? largest : `its logits differ by ${largest.toExponential(1)}, more than ${tolerance}`;
};
