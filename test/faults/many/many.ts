import {existsSync, mkdirSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {idx} from '../../../ts/data/idx.js';
import {train} from '../../../ts/index.js';
import {libtorchFolder} from '../../../ts/libtorch/libtorch-folder.js';
import {root} from '../../helpers/cli.js';
import {temporaryFolder} from '../../helpers/folder.js';
import {writeIdx} from '../../helpers/idx.js';
import type {Outcome, Part} from '../part.js';
import {scoped} from '../scope.js';
import {tinyStep} from '../tiny-step.js';
import type {End} from '../verdicts.js';

const programs = fileURLToPath(new URL('programs.js', import.meta.url));

type Program = {
	readonly name: string;
	readonly engine?: 'fused' | 'aten';
	/** The number of its actions, and of tries among them. */
	readonly count: number;
	readonly triesEach?: number;
	/** The number of starts. */
	readonly starts?: number;
	readonly fault: string;
	readonly promise: string;
	/** Returns the problem of how it ended, if any, and a figure to report. */
	readonly judge: (end: End, answer: Record<string, unknown>) => {wrong?: string | undefined; note?: string};
};

const noAten = (): string | undefined =>
	existsSync(path.join(root, 'build', 'addon-torch')) && existsSync(libtorchFolder())
		? undefined
		: '`aten` is not built here: `npm run build -- --torch`';

const alive = ({exitCode, signal, stderr, timedOut}: End, code = 0): {wrong?: string} =>
	exitCode === code && !timedOut
		? {}
		: {wrong: timedOut ? 'it hung' : `it ended with ${signal ?? exitCode}: ${stderr.slice(-2000)}`};

/** MiB of growth between the readings after the first hundred and the last that allocators may keep. */
const grown = 8;

const growth = (end: End, {megabytes}: Record<string, unknown>): {wrong?: string; note?: string} => {
	const read = (megabytes ?? []) as readonly number[];
	const [first = Number.NaN, ...later] = read;
	const last = Math.min(...later.slice(-3));
	const note = `${first} MiB after the first hundred, ${later.at(-1) ?? first} after the last`;
	return alive(end).wrong === undefined && !(last - first <= grown) && later.length > 0
		? {wrong: `memory grew: ${read.join(', ')} MiB`, note}
		: {...alive(end), note};
};

const engines = ['fused', 'aten'] as const;

const all: readonly Program[] = [
	...engines.flatMap((engine): Program[] => [
		{
			...{name: 'together', engine, count: 20},
			fault: `20 trainings at once in a process, \`${engine}\``,
			promise: 'each has the result of a single training',
			judge: (end, {different}) => (different === 0 ? alive(end) : {wrong: `${different} differ: ${end.stderr}`}),
		},
		{
			...{name: 'terminate', engine, count: 4, triesEach: 8, starts: 4},
			fault: `eight workers are ended by \`terminate()\` in an epoch, \`${engine}\``,
			promise: 'the process lives',
			judge: end => alive(end),
		},
		...(['exit', 'exit-two'] as const).map(
			(name): Program => ({
				...{name, engine, count: 1, starts: 20},
				fault: `\`process.exit()\` during ${name === 'exit' ? 'a training' : 'two trainings'}, \`${engine}\``,
				promise: 'the process ends with that code',
				judge: end => alive(end, 7),
			}),
		),
		{
			...{name: 'throw', engine, count: 1, starts: 20},
			fault: `an uncaught exception during a training, \`${engine}\``,
			promise: 'the process ends with code 1, as any other',
			judge: end => alive(end, 1),
		},
	]),
	{
		...{name: 'predictions', count: 2000, triesEach: 2000},
		fault: '2,000 predictions in a process',
		promise: 'memory does not grow after the first hundred',
		judge: growth,
	},
	{
		...{name: 'models', count: 1000, triesEach: 1000},
		fault: '1,000 models are loaded and dropped',
		promise: 'memory does not grow after the first hundred',
		judge: growth,
	},
	{
		...{name: 'trainings', count: 200, triesEach: 200},
		fault: '200 trainings in a process',
		promise: 'memory does not grow after the first hundred',
		judge: growth,
	},
	{
		...{name: 'delay', count: 300},
		fault: 'every core trains',
		promise: 'the event loop is not blocked: its delay is measured',
		judge(end, {p99, most}) {
			const rounded = (value: unknown): string => Number(value).toFixed(1);
			return {...alive(end), note: `99 % within ${rounded(p99)} ms, at most ${rounded(most)} ms`};
		},
	},
];

const start = async (
	{name, engine = 'fused', count}: Program,
	folder: string,
	env: NodeJS.ProcessEnv,
): Promise<End> => {
	const {exitCode, signal, stdout, stderr, timedOut} = await execa(
		process.execPath,
		['--expose-gc', programs, name, folder, engine, String(count)],
		{reject: false, timeout: 300_000, killSignal: 'SIGKILL', stdin: 'ignore', env},
	);
	return {exitCode, signal, stdout, stderr, timedOut};
};

const part = (program: Program): Part => ({
	name: `many-${program.name}${program.engine === 'aten' ? '-aten' : ''}`,
	...{fault: program.fault, promise: program.promise},
	...(program.engine === 'aten' && {skipped: noAten}),
	run: ({tries}) =>
		scoped(async (scope): Promise<Outcome> => {
			const folder = temporaryFolder(scope);
			mkdirSync(path.join(folder, 'data'));
			writeIdx(path.join(folder, 'data'), 400, 60);
			const data = path.join(folder, 'data');
			await train(tinyStep, {data: idx(data), out: path.join(folder, 'runs')}).result;
			const {triesEach = program.name === 'together' ? program.count : 1, starts = 1} = program;
			const times = Math.max(1, Math.min(starts, tries ?? starts));
			const failures: Array<{name: string; what: string}> = [];
			const notes: string[] = [];
			for (let time = 1; time <= times; time += 1) {
				const end = await start(program, data, {MODEL: path.join(folder, 'runs', 'latest')});
				const line = /^\{.*\}$/m.exec(end.stdout)?.[0] ?? '{}';
				const {wrong, note} = program.judge(end, JSON.parse(line));
				failures.push(...(wrong === undefined ? [] : [{name: String(time), what: wrong}]));
				notes.push(...(note === undefined ? [] : [note]));
			}

			const [note] = notes;
			return {tries: times * triesEach, failures, ...(note !== undefined && {note})};
		}),
});

export const manyParts: readonly Part[] = all.map(program => part(program));
