import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {root} from '../../helpers/cli.js';
import {temporaryFolder} from '../../helpers/folder.js';
import type {Failure, Outcome, Part, Wanted} from '../part.js';
import {scoped} from '../scope.js';
import type {Work} from './child.js';
import {makeStage} from './stage.js';
import {targets} from './targets.js';

/** The time limit of an input, in milliseconds. */
const patience = 10_000;

/** The memory at which a process is killed, in KiB. */
const most = 3 << 19;

const child = fileURLToPath(new URL('child.js', import.meta.url));

/** The folder of every input that ever failed, by target. */
const corpus = path.join(root, 'test', 'faults', 'corpus');

type Batch = Omit<Work, 'progress'>;

/** Tries a batch in a child process, and in further ones after an input that ended it. */
const tryBatch = async (batch: Batch): Promise<readonly {index: number; what: string}[]> => {
	const failures: Array<{index: number; what: string}> = [];
	let {from} = batch;
	while (from < batch.to) {
		const progress = path.join(batch.scratch, '..', `progress-${batch.target}`);
		rmSync(progress, {force: true});
		const end = await watched({...batch, from, progress});
		const lines = existsSync(progress) ? readFileSync(progress, 'utf8').trimEnd().split('\n') : [];
		for (const line of lines) {
			const [, index, what] = /^(\d+) (".*")$/.exec(line) ?? [];
			if (index !== undefined && what !== undefined) {
				failures.push({index: Number(index), what: JSON.parse(what)});
			}
		}

		if (end === undefined) {
			break;
		}

		const last = Number(/^\d+/.exec(lines.at(-1) ?? '')?.[0] ?? Number.NaN);
		if (Number.isNaN(last)) {
			throw new Error(`the process for ${batch.target} did not begin: ${end}`);
		}

		if (!failures.some(({index}) => index === last)) {
			failures.push({index: last, what: end});
		}

		from = last + 1;
	}

	return failures;
};

/** Runs one process, and returns how it ended early, if it did. */
const watched = (work: Work): Promise<string | undefined> =>
	new Promise((resolve, reject) => {
		const running = spawn(process.execPath, ['--expose-gc', child, JSON.stringify(work)], {
			stdio: ['ignore', 'ignore', 'pipe'],
			env: {...process.env, STEPLADDER_CACHE: path.join(work.stage, '.cache')},
		});
		let [stderr, why, size, since] = ['', '', -1, performance.now()];
		running.stderr.on('data', chunk => {
			stderr = `${stderr}${chunk}`.slice(-4000);
		});
		const looking = setInterval(() => {
			const now = existsSync(work.progress) ? readFileSync(work.progress).length : 0;
			if (now !== size) {
				[size, since] = [now, performance.now()];
			}

			const memory = memoryOf(running.pid);
			const hung = performance.now() - since > patience + (now === 0 ? 60_000 : 0); // it has to start first
			if (hung || memory > most) {
				why = hung ? `it took over ${patience / 1000} s` : `it took ${memory >> 10} MiB`;
				running.kill('SIGKILL');
			}
		}, 250);
		running.once('error', reject);
		running.once('close', (code, signal) => {
			clearInterval(looking);
			resolve(code === 0 ? undefined : why || `it ended the process by ${signal ?? `exit code ${code}`}: ${stderr}`);
		});
	});

/** Returns the memory of a process in KiB, if the system reports it. */
const memoryOf = (pid: number | undefined): number => {
	try {
		return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
	} catch {
		return 0;
	}
};

/** The most failures of a part that are kept. */
const mostKept = 10;

/** Larger inputs are reported only by their number. */
const worthKeeping = 64_000;

/** Adds a failed input to the corpus, which `npm test` tries. */
const keepInput = async (batch: Batch): Promise<void> => {
	const folder = path.join(corpus, batch.target);
	mkdirSync(folder, {recursive: true});
	const write = path.join(folder, `${batch.seed}-${batch.from}`);
	await watched({...batch, progress: `${batch.scratch}.progress`, write});
	if (existsSync(write) && statSync(write).size > worthKeeping) {
		rmSync(write);
	}
};

/** The default number of inputs of a target; those that train for each are slower. */
const usual = (target: string): number => ({checkpoint: 5000, options: 10_000})[target] ?? 20_000;

/** The part for one kind of input. */
const fuzz = (target: string): Part => ({
	name: `fuzz-${target}`,
	fault: `\`${target}\`: bytes and values changed, missing, repeated, extreme`,
	promise: 'one of our errors or a correct result; within 10 s and 1 GiB; the process lives',
	run: ({tries = usual(target), seed, only}: Wanted) =>
		scoped(async scope => {
			const stage = await makeStage(scope);
			const scratch = path.join(temporaryFolder(scope), target);
			const [from, to] = only === undefined ? [0, tries] : [Number(only.split('.')[1]), Number(only.split('.')[1]) + 1];
			const drawn = only === undefined ? seed : Number(only.split('.')[0]);
			const batch = {target, stage, scratch, seed: drawn, from, to};
			const failures = await tryBatch(batch);
			for (const {index} of failures.slice(0, mostKept)) {
				await keepInput({...batch, from: index});
			}

			return {tries: to - from, failures: failures.map(({index, what}) => ({name: `${drawn}.${index}`, what}))};
		}),
});

/** The part for inputs that failed before. */
const replay: Part = {
	name: 'corpus',
	fault: 'every input that ever failed',
	promise: 'one of our errors or a correct result; within 10 s and 1 GiB; the process lives',
	run: () =>
		scoped(async (scope): Promise<Outcome> => {
			const stage = await makeStage(scope);
			const failures: Failure[] = [];
			let tries = 0;
			for (const target of existsSync(corpus) ? readdirSync(corpus).sort() : []) {
				const files = readdirSync(path.join(corpus, target))
					.sort()
					.map(name => path.join(corpus, target, name));
				const scratch = path.join(temporaryFolder(scope), target);
				const found = await tryBatch({target, stage, scratch, seed: 0, from: 0, to: files.length, files});
				tries += files.length;
				failures.push(
					...found.map(({index, what}) => ({
						name: path.relative(root, files[index] ?? ''),
						what: `${target}: ${what}`,
					})),
				);
			}

			return {tries, failures};
		}),
};

export const fuzzParts: readonly Part[] = [...Object.keys(targets).map(target => fuzz(target)), replay];
