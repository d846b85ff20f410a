import {cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {gunzipSync, gzipSync} from 'node:zlib';
import sharp from 'sharp';
import {lockHolder} from '../../../ts/fs/lock.js';
import {
	compare,
	compareRuns,
	DivergedError,
	defineStep,
	findLadder,
	idx,
	LockError,
	loadModel,
	openLadder,
	predict,
	record,
	report,
	resume,
	StepladderError,
	summarize,
	sweep,
	type TrainOptions,
	train,
} from '../../../ts/index.js';
import {processSpace} from '../../../ts/platform/processes.js';
import {readRecord} from '../../../ts/record/file.js';
import {readPreregistration} from '../../../ts/record/preregistration-file.js';
import {readConfig} from '../../../ts/runs/config.js';
import {readFinishedRun} from '../../../ts/runs/finished-run.js';
import {listRuns} from '../../../ts/runs/list-runs.js';
import {readSweep} from '../../../ts/sweep/file.js';
import {reseal, resealRun, resealSweep} from '../../helpers/forger.js';
import {tinyDefinition, tinyStep} from '../tiny-step.js';
import {craftedImages, craftedTensors} from './crafted.js';
import {mutateBytes, mutateJson, mutateJsonLine, mutateLines, mutateRow, mutateTensors, mutateValue} from './mutate.js';
import {Random} from './random.js';

/** A function that reads input from outside. */
export type Target = {
	/** Its valid input. */
	readonly original: () => Promise<Buffer>;
	readonly mutate: (bytes: Buffer, random: Random) => Buffer;
	/** Crafted inputs. */
	readonly crafted?: () => readonly Buffer[];
	/** Reads an input. It must throw only our errors; it returns the problem of a result, if any. */
	readonly read: (bytes: Buffer) => Promise<string | undefined>;
};

/** The folders of a target: of good files, and for bad ones. */
export type Places = {readonly stage: string; readonly scratch: string};

const only = (folder: string): string => {
	const [name = ''] = readdirSync(folder);
	return path.join(folder, name);
};

/** A target that reads a file of a folder, whose other files stay as they are. */
const within = (
	from: string,
	to: string,
	file: string,
	{
		mutate,
		reads,
		crafted,
		seal,
	}: Pick<Target, 'mutate' | 'crafted'> & {
		readonly reads: (folder: string) => unknown;
		readonly seal?: (folder: string) => void;
	},
): Target => {
	cpSync(from, to, {recursive: true});
	const good = readFileSync(path.join(from, file));
	return {
		...{mutate, ...(crafted && {crafted})},
		original: async () => good,
		async read(bytes) {
			writeFileSync(path.join(to, file), bytes);
			if (seal && bytes.length % 2 === 0) {
				try {
					seal(to); // to get past the checksums in half of the tries
				} catch {
					// can't be resealed
				}
			}

			try {
				await reads(to);
			} finally {
				if (seal) {
					cpSync(from, to, {recursive: true});
				}
			}

			return undefined;
		},
	};
};

/** A target for a value of a program, with errors that a file can't express: the file has the seed that it is drawn by. */
const ofValues = (value: unknown, use: (value: unknown, random: Random) => Promise<void>): Target => ({
	original: async () => Buffer.from('0'),
	mutate: (_, random) => Buffer.from(String(random.below(2 ** 32))),
	async read(bytes) {
		await use(mutateValue(value, new Random(bytes.toString()), true), new Random(`use ${bytes.toString()}`));
		return undefined;
	},
});

/** A call of another function with wrong arguments, which neither trains nor writes. */
const otherCalls = async (stage: string): Promise<(random: Random) => Promise<void>> => {
	const ladder = await openLadder(stage);
	const run = only(path.join(stage, 'finished', 'tiny'));
	const model = await loadModel(run);
	const last = {out: path.join(stage, 'called'), signal: AbortSignal.abort()};
	const vary = [{path: 'schedule.learningRate', values: [0.01, 0.02]}];
	type Call = (...given: never[]) => unknown;
	const calls: ReadonlyArray<readonly [call: Call, given: readonly unknown[], last?: object]> = [
		[record, ['ladder', 'tiny', {seeds: [1], engine: 'fused', fresh: true, skipDamaged: false}], last],
		[sweep, ['ladder', 'tiny', {vary, seeds: [7], holdout: 16, sample: 2, draw: 1, name: 'other', epochs: 1}], last],
		[report, ['none', {skipDamaged: true}], last],
		[compare, ['ladder', 'tiny', 'tiny']],
		[compareRuns, [[run], {ladder: 'ladder'}]],
		[predict, [run, [path.join(stage, 'data', 't10k-images-idx3-ubyte:0')], {invert: true, fit: 'whole'}]],
		[model.predictImage, ['none.png', {invert: true, fit: 'whole'}]],
		[model.predict, [[0, 1]]],
		[resume, [run, {signal: 'none'}]],
		...[loadModel, openLadder, findLadder].map(call => [call, ['nowhere']] as const),
	];
	return async random => {
		const [call, given, last] = random.of(calls);
		const mutated = mutateValue(given, random, true);
		const put = (Array.isArray(mutated) ? mutated : [mutated]).map((value, index) => {
			const isOptions = index === given.length - 1 && typeof value === 'object' && value !== null;
			return value === 'ladder' ? ladder : isOptions && last ? {...value, ...last} : value;
		});
		try {
			const got = call(...(put as never[])) as Partial<AsyncGenerator> | undefined;
			await (got?.[Symbol.asyncIterator] && got.next ? got.next() : got);
		} catch (error) {
			if (!(error instanceof StepladderError)) {
				throw error;
			}
		}
	};
};

const image = async (kind: 'png' | 'jpeg'): Promise<Buffer> =>
	sharp({create: {width: 40, height: 30, channels: 3, background: '#246'}})
		[kind]()
		.toBuffer();

/** The targets by name, made when they are tried. */
export const targets: Readonly<Record<string, (places: Places) => Promise<Target>>> = {
	async idx({stage, scratch}) {
		const [from, to] = [path.join(stage, 'data'), path.join(scratch, 'data')];
		const reads = async (): Promise<unknown> => idx(to).open(scratch);
		return within(from, to, 't10k-images-idx3-ubyte', {mutate: mutateBytes, reads});
	},
	async 'idx-labels'({stage, scratch}) {
		const [from, to] = [path.join(stage, 'data'), path.join(scratch, 'data')];
		const reads = async (): Promise<unknown> => idx(to).open(scratch);
		return within(from, to, 't10k-labels-idx1-ubyte', {mutate: mutateBytes, reads});
	},
	async 'idx-gz'({stage, scratch}) {
		const to = path.join(scratch, 'data');
		mkdirSync(to, {recursive: true});
		for (const name of readdirSync(path.join(stage, 'data')).filter(name => name.includes('idx'))) {
			writeFileSync(path.join(to, `${name}.gz`), gzipSync(readFileSync(path.join(stage, 'data', name))));
		}

		const file = path.join(to, 't10k-images-idx3-ubyte.gz');
		const good = readFileSync(file);
		return {
			original: async () => good,
			mutate: (bytes, random) =>
				random.below(2) === 0 ? mutateBytes(bytes, random) : gzipSync(mutateBytes(gunzipSync(bytes), random)),
			crafted: () => [gzipSync(Buffer.alloc(300_000_000)), gzipSync(gzipSync(good)), Buffer.concat([good, good])],
			async read(bytes) {
				writeFileSync(file, bytes);
				await idx(to).open(scratch);
				return undefined;
			},
		};
	},
	...Object.fromEntries(
		(['png', 'jpeg'] as const).map(kind => [
			kind,
			async ({stage}: Places): Promise<Target> => {
				const model = await loadModel(path.join(only(path.join(stage, 'finished', 'tiny')), 'model.safetensors'));
				return {
					original: () => image(kind),
					mutate: mutateBytes,
					crafted: () => (kind === 'png' ? craftedImages() : []),
					async read(bytes) {
						const {probabilities} = await model.predictImage(bytes);
						return probabilities.length === 10 ? undefined : `${probabilities.length} probabilities of 10`;
					},
				};
			},
		]),
	),
	async model({stage, scratch}) {
		const file = path.join(scratch, 'model.safetensors');
		const good = readFileSync(path.join(only(path.join(stage, 'finished', 'tiny')), 'model.safetensors'));
		return {
			original: async () => good,
			mutate: mutateTensors,
			crafted: () => craftedTensors(good),
			async read(bytes) {
				writeFileSync(file, bytes);
				const model = await loadModel(file);
				const length = model.channels * model.size * model.size;
				const [prediction] = length < 10_000_000 ? await model.predict(new Uint8Array(length)) : [];
				const wrong = prediction?.probabilities.some(probability => !(probability >= 0 && probability <= 1));
				return wrong ? 'a probability that is none' : undefined;
			},
		};
	},
	async checkpoint({stage, scratch}) {
		const from = only(path.join(stage, 'unfinished', 'tiny'));
		const good = readFileSync(path.join(from, 'checkpoint.safetensors'));
		const folder = path.join(scratch, 'run');
		const right = readFileSync(path.join(only(path.join(stage, 'finished', 'tiny')), 'model.safetensors'));
		const events = (): string => readFileSync(path.join(folder, 'events.jsonl'), 'utf8');
		return {
			original: async () => good,
			mutate: mutateTensors,
			crafted: () => craftedTensors(good),
			async read(bytes) {
				rmSync(folder, {recursive: true, force: true});
				cpSync(from, folder, {recursive: true});
				writeFileSync(path.join(folder, 'checkpoint.safetensors'), bytes);
				const before = events();
				const isSealed = bytes.includes('checksum');
				try {
					await resume(folder).result;
				} catch (error) {
					const mayDiverge = error instanceof DivergedError && !isSealed; // after any weights
					if (error instanceof StepladderError && events() !== before && !mayDiverge) {
						return `it refused, and events.jsonl has ${events().length} bytes of ${before.length}`;
					}

					throw error;
				}

				const made = readFileSync(path.join(folder, 'model.safetensors'));
				return made.equals(right) || !isSealed ? undefined : 'it went on to other bits';
			},
		};
	},
	async config({stage, scratch}) {
		const from = only(path.join(stage, 'finished', 'tiny'));
		const reads = (folder: string): unknown => [listRuns(scratch), readConfig(folder)];
		return within(from, path.join(scratch, 'run'), 'config.json', {mutate: mutateJson, reads, seal: resealRun});
	},
	async events({stage, scratch}) {
		const from = only(path.join(stage, 'finished', 'tiny'));
		const mutate = (bytes: Buffer, random: Random): Buffer => mutateLines(bytes, random, mutateJsonLine);
		const reads = (folder: string): unknown => [listRuns(scratch), readFinishedRun(folder)];
		return within(from, path.join(scratch, 'run'), 'events.jsonl', {mutate, reads, seal: resealRun});
	},
	async result({stage, scratch}) {
		const from = only(path.join(stage, 'finished', 'tiny'));
		const reads = (folder: string): unknown => [listRuns(scratch), readFinishedRun(folder)];
		return within(from, path.join(scratch, 'run'), 'result.json', {mutate: mutateJson, reads, seal: resealRun});
	},
	...Object.fromEntries(
		(
			[
				['record', 'record.json', mutateJson],
				['promise', 'promise.json', mutateJson],
				['epochs', 'epochs.csv', (bytes: Buffer, random: Random) => mutateLines(bytes, random, mutateRow)],
				[
					'predictions',
					'predictions.jsonl',
					(bytes: Buffer, random: Random) => mutateLines(bytes, random, mutateJsonLine),
				],
			] as const
		).map(([name, file, mutate]) => [
			name,
			async ({stage, scratch}: Places): Promise<Target> => {
				const to = path.join(scratch, 'records', '0-tiny');
				const reads = (folder: string): unknown => [readPreregistration(folder), readRecord(folder)];
				const seal = (): void => reseal(scratch);
				return within(path.join(stage, 'records', '0-tiny'), to, file, {mutate, reads, seal});
			},
		]),
	),
	async sweep({stage, scratch}) {
		const to = path.join(scratch, 'sweep');
		return within(path.join(stage, 'records', 'sweeps', 'rates'), to, 'sweep.json', {
			mutate: mutateJson,
			reads: readSweep,
			seal: resealSweep,
		});
	},
	async 'sweep-epochs'({stage, scratch}) {
		const to = path.join(scratch, 'sweep');
		return within(path.join(stage, 'records', 'sweeps', 'rates'), to, 'epochs.csv', {
			mutate: (bytes, random) => mutateLines(bytes, random, mutateRow),
			reads: readSweep,
			seal: resealSweep,
		});
	},
	async lock({scratch}) {
		const lock = path.join(scratch, '.lock');
		mkdirSync(lock, {recursive: true});
		const names = {id: 'x', pid: process.pid, host: 'a', space: processSpace(), began: '7'};
		return {
			original: async () => Buffer.from(JSON.stringify({...names, since: new Date(0).toISOString()})),
			mutate: mutateJson,
			async read(bytes) {
				writeFileSync(path.join(lock, 'holder.json'), bytes);
				const holder = lockHolder(lock);
				const {message} = new LockError('the run', lock, holder);
				return holder === undefined || message.includes(String(holder.pid)) ? undefined : message;
			},
		};
	},
	async step() {
		return ofValues(tinyDefinition, async value => {
			const step = defineStep(value as Parameters<typeof defineStep>[0]);
			summarize(step.experiment.net);
		});
	},
	async options({stage}) {
		const data = idx(path.join(stage, 'data'));
		const plain = {
			...{seeds: [1, 2], epochs: 1, device: 'cpu', engine: 'fused', threads: 1, jobs: 2},
			...{limitTrain: 32, limitTest: 10, holdout: 8},
		};
		const call = await otherCalls(stage);
		return ofValues(plain, async (value, random) => {
			await call(random);
			const given = value as TrainOptions;
			const training = train(tinyStep, typeof value === 'object' && value !== null ? {...given, data} : given);
			for await (const event of training) {
				if (event.type === 'epoch') {
					training.abort();
				}
			}
		});
	},
};
