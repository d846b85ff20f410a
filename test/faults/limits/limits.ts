import path from 'node:path';
import process from 'node:process';
import {execa} from 'execa';
import {main} from '../../helpers/cli.js';
import type {Ending} from '../../helpers/folder.js';
import {writeIdxFiles} from '../../helpers/idx.js';
import type {OwnLadder} from '../../helpers/own-ladder.js';
import {tinyLadder} from '../../helpers/tiny-ladder.js';
import {chosen, type Part, tryEach} from '../part.js';
import {scoped} from '../scope.js';
import {noShim, shimEnvironment} from '../system-calls/shim.js';
import {byPlace, firstDifference, snapshot, withoutTimes} from '../system-calls/snapshot.js';
import {badEnd, type End} from '../verdicts.js';

/** A try in its own ladder; returns the problem, if any. */
type Try = (ladder: OwnLadder) => Promise<string | undefined>;

const trainTiny = ['train', '--step', 'tiny', '--threads', '1'];

type Surroundings = {
	/** Shell code before the command. */
	readonly shell?: string;
	/** Redirections. */
	readonly streams?: string;
	readonly env?: NodeJS.ProcessEnv;
	readonly without?: readonly string[];
};

/** Runs a command in a shell with limits. */
const run = async (
	{folder}: OwnLadder,
	command: readonly string[],
	{shell = ':', streams = '', env = {}, without = []}: Surroundings = {},
): Promise<End> => {
	const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !without.includes(name)));
	const cache = without.includes('STEPLADDER_CACHE') ? {} : {STEPLADDER_CACHE: path.join(folder, '.cache')};
	const {exitCode, signal, stdout, stderr, timedOut} = await execa(
		'sh',
		['-c', `${shell}; exec "$0" "$@" ${streams}`, process.execPath, main, ...command],
		{
			...{reject: false, cwd: folder, timeout: 120_000, killSignal: 'SIGKILL', stdin: 'ignore', extendEnv: false},
			env: {...inherited, ...cache, npm_lifecycle_event: '', npm_command: '', ...env},
		},
	);
	return {exitCode, signal, stdout, stderr, timedOut};
};

const endsWell =
	(command: readonly string[], surroundings: Surroundings = {}): Try =>
	async ladder =>
		badEnd(await run(ladder, command, surroundings));

const endsWith =
	(code: number, command: readonly string[], surroundings: Surroundings = {}): Try =>
	async ladder => {
		const end = await run(ladder, command, surroundings);
		return (
			badEnd(end) ??
			(end.exitCode === code ? undefined : `exit code ${end.exitCode} in place of ${code}: ${end.stderr}`)
		);
	};

/** Whether Node itself runs a program with these limits. */
const nodeRuns = async (ladder: OwnLadder, shell: string): Promise<boolean> => {
	const done = 42;
	ladder.write('program.mjs', `fetch; process.exitCode = ${done};\n`); // `fetch` is the largest part that Node loads lazily
	const {exitCode} = await execa('sh', ['-c', `${shell}; exec "$0" program.mjs`, process.execPath], {
		...{reject: false, cwd: ladder.folder, stdin: 'ignore'},
	});
	return exitCode === done;
};

const limited =
	(shell: string, command: readonly string[]): Try =>
	async ladder => {
		if (!(await nodeRuns(ladder, shell))) {
			return;
		}

		const end = await run(ladder, command, {shell});
		const ofNode = /Fatal process (OOM|out of memory)|JavaScript heap out of memory|OOM error in V8/.test(end.stderr);
		return ofNode ? undefined : badEnd(end);
	};

const data = (train: number, test: number, label: (image: number) => number): Try & {readonly make: Try} => {
	const make: Try = async ({folder}) => {
		const set = (count: number) => ({
			images: new Uint8Array(count * 784).map((_, pixel) => (pixel * 7) % 251),
			labels: Uint8Array.from({length: count}, (_, image) => label(image)),
		});
		writeIdxFiles(path.join(folder, 'data'), [28, 28], {train: set(train), test: set(test)});
		return undefined;
	};
	return Object.assign(
		async (ladder: OwnLadder) => {
			await make(ladder);
			return endsWith(0, trainTiny)(ladder);
		},
		{make},
	);
};

const said = (ladder: OwnLadder): string =>
	JSON.stringify(
		[...byPlace(snapshot(ladder.folder))]
			.map(([place, texts]) => [place, [...texts]])
			.filter(([place]) => !String(place).startsWith('.cache')),
	);

/** A record and its pages are identical in any time zone and locale. */
const abroad =
	(env: NodeJS.ProcessEnv): Try =>
	async ladder => {
		const commands = [
			['record', '--step', 'tiny', '--seeds', '1,2', '--jobs', '1'],
			['report'],
			['ladder', '--format', 'markdown'],
		];
		const printed: string[] = [];
		for (const where of [{TZ: 'UTC', LC_ALL: 'C'}, env]) {
			for (const folder of ['runs', 'records', 'report.md', 'report.html']) {
				await execa('rm', ['-rf', path.join(ladder.folder, folder)]);
			}

			ladder.write('steps/0-tiny.ts', ladder.read('steps/0-tiny.ts').replace(/^\/\*[\s\S]*?\*\/\n\n?/, ''));
			let texts = '';
			for (const command of commands) {
				const end = await run(ladder, command, {env: where});
				if (end.exitCode !== 0) {
					return `${command.join(' ')} ended with ${end.exitCode}: ${end.stderr}`;
				}

				texts += end.stdout;
			}

			printed.push(`${withoutTimes(texts)}${said(ladder)}`);
		}

		const [plain = '', there = ''] = printed;
		return plain === there ? undefined : `what is written differs: ${firstDifference(there, plain)}`;
	};

/** A wall clock that goes back by an hour at a call does not change the run. */
const clockBack =
	(at: number): Try =>
	async ladder => {
		const plain = await run(ladder, [...trainTiny, '--out', 'plain']);
		const state = `${ladder.folder}.calls`;
		const env = shimEnvironment(ladder.folder, state, {kind: 'sync', at, what: 'EIO'}, 3600);
		const back = await run(ladder, [...trainTiny, '--out', 'back'], {env});
		const [one = '', other = ''] = ['plain', 'back'].map(out => {
			const files = snapshot(path.join(ladder.folder, out));
			return JSON.stringify([...byPlace(files)].map(([place, texts]) => [place, [...texts]])).replaceAll(
				`"${out}"`,
				'""',
			);
		});
		const listed = await run(ladder, ['runs', 'back']);
		const bad = badEnd(plain) ?? badEnd(back) ?? badEnd(listed);
		return bad ?? (one.replaceAll('plain', 'back') === other ? undefined : 'the run came to something else');
	};

const longest = 'n'.repeat(255);

const named =
	(name: string): Try =>
	async ladder => {
		ladder.write('steps/0-tiny.ts', ladder.read('steps/0-tiny.ts').replace("name: 'tiny'", `name: '${name}'`));
		return (
			(await endsWell(['train', '--step', name, '--threads', '1'])(ladder)) ??
			(await endsWell(['record', '--step', name, '--seeds', '1'])(ladder))
		);
	};

const commands: readonly (readonly string[])[] = [
	...[trainTiny, ['summary', '--step', 'tiny'], ['ladder'], ['runs'], ['record', '--step', 'tiny', '--seeds', '1']],
	...[
		['report'],
		['record', '--check'],
		['doctor'],
		['--help'],
		['train', '--step', 'nobody'],
		['predict', 'none', 'none'],
	],
];

const tries: Readonly<Record<string, Readonly<Record<string, Try>>>> = {
	memory: Object.fromEntries(
		[600, 800, 1000, 1200, 1500, 2000, 3000, 4000].flatMap(megabytes => [
			[`${megabytes}-train`, limited(`ulimit -v ${megabytes * 1024}`, trainTiny)],
			[
				`${megabytes}-threads`,
				limited(`ulimit -v ${megabytes * 1024}`, ['train', '--step', 'tiny', '--threads', '64']),
			],
			[`${megabytes}-batch`, limited(`ulimit -v ${megabytes * 1024}`, [...trainTiny, '--set', 'batchSize=60000'])],
		]),
	),
	descriptors: Object.fromEntries(
		Array.from({length: 40}, (_, index) => 8 + index).flatMap(most => [
			[`${most}-train`, limited(`ulimit -n ${most}`, trainTiny)],
			[`${most}-record`, limited(`ulimit -n ${most}`, ['record', '--step', 'tiny', '--seeds', '1,2'])],
		]),
	),
	data: {
		'one-image': data(1, 1, () => 0),
		'one-class': data(64, 16, () => 3),
		'one-test-image': data(64, 1, image => image % 10),
		none: async ladder => {
			await data(0, 0, () => 0).make(ladder);
			return endsWith(5, trainTiny)(ladder);
		},
		'batch-beyond-the-set': endsWith(0, [...trainTiny, '--set', 'batchSize=65536']),
		'holdout-of-all': endsWith(2, [...trainTiny, '--holdout', '96']),
		'large-label': async ladder => {
			await data(64, 16, () => 255).make(ladder);
			return endsWith(5, trainTiny)(ladder);
		},
	},
	seeds: {
		...Object.fromEntries(['0', '4294967295'].map(seed => [seed, endsWith(0, [...trainTiny, '--seeds', seed])])),
		...Object.fromEntries(
			[
				'9007199254740992',
				'18446744073709551616',
				'-1',
				'1.5',
				'1e400',
				'NaN',
				'',
				'1-',
				'3-1',
				'1,1',
				'1-9007199254740993',
			].map(seed => [seed === '' ? 'empty' : seed, endsWith(2, [...trainTiny, `--seeds=${seed}`])]),
		),
		'a-million': async ladder => {
			// all would be trained: it is stopped once it has started
			const end = await run(ladder, [...trainTiny, '--epochs', '1', '--seeds', '1-1000000'], {
				shell: "sh -c 'sleep 5; kill -TERM $PPID' &",
			});
			return badEnd(end);
		},
	},
	threads: Object.fromEntries(
		['0', '1', '64', '10000', '1e9', '-1', 'x'].map(threads => [
			threads,
			endsWell(['train', '--step', 'tiny', `--threads=${threads}`]),
		]),
	),
	names: {
		longest: named(longest),
		beyond: named(`${longest}n`),
		'two-bytes': named('ü'.repeat(127)),
		out: endsWell([...trainTiny, '--out', longest]),
		'out-beyond': endsWell([...trainTiny, '--out', `${longest}n`]),
		init: endsWell(['init', longest]),
		'init-beyond': endsWell(['init', `${longest}n`]),
		sweep: endsWell([
			'sweep',
			'--step',
			'tiny',
			'--vary',
			'batchSize=16',
			'--holdout',
			'32',
			'--seeds',
			'101',
			'--name',
			longest,
		]),
	},
	surroundings: {
		'no-home': endsWell(trainTiny, {without: ['HOME', 'XDG_CACHE_HOME', 'STEPLADDER_CACHE', 'USER', 'LOGNAME']}),
		'home-that-is-not-there': endsWell(trainTiny, {env: {HOME: '/nowhere/at/all'}, without: ['STEPLADDER_CACHE']}),
		'empty-environment': endsWell(trainTiny, {without: Object.keys(process.env)}),
		...Object.fromEntries(
			(
				[
					...[
						['TOKIO_WORKER_THREADS', 'x'],
						['TOKIO_WORKER_THREADS', '0'],
						['RAYON_NUM_THREADS', 'x'],
					],
					...[
						['OMP_NUM_THREADS', '-1'],
						['STEPLADDER_ISA', 'abacus'],
						['UV_THREADPOOL_SIZE', '1'],
						['STEPLADDER_CACHE', ''],
					],
					...[
						['NO_COLOR', '1'],
						['COLUMNS', '0'],
						['TMPDIR', '/nowhere'],
						['NODE_OPTIONS', '--max-old-space-size=64'],
					],
				] as const
			).map(([name = '', value = '']) => [`${name}=${value}`, endsWell(trainTiny, {env: {[name]: value}})]),
		),
		...Object.fromEntries(
			commands.flatMap(command => [
				[`full-output:${command.join(' ')}`, endsWell(command, {streams: '>/dev/full'})],
				[`full-errors:${command.join(' ')}`, silent(command, {streams: '2>/dev/full'})],
				[`closed:${command.join(' ')}`, silent(command, {streams: '<&- >&- 2>&-'})],
			]),
		),
	},
	clock: Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map(at => [String(at), clockBack(at)])),
	country: {
		turkey: abroad({TZ: 'Europe/Istanbul', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8'}),
		germany: abroad({TZ: 'Europe/Berlin', LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8'}),
		nepal: abroad({TZ: 'Asia/Kathmandu', LC_ALL: 'ne_NP'}),
		nowhere: abroad({TZ: 'Not/Anywhere', LC_ALL: 'xx_XX'}),
	},
};

/** Without an output, only the exit code can be checked. */
function silent(command: readonly string[], surroundings: Surroundings): Try {
	return async ladder => {
		const end = await run(ladder, command, surroundings);
		const {signal, exitCode, timedOut} = end;
		return signal === undefined && !timedOut && exitCode !== undefined && exitCode <= 5
			? undefined
			: `it ended with ${signal ?? exitCode}`;
	};
}

const about: Readonly<Record<string, {readonly fault: string; readonly promise: string}>> = {
	memory: {
		fault: 'little memory (`ulimit -v`), at which Node itself still runs a program',
		promise: 'it works, or reports an error',
	},
	descriptors: {
		fault: 'few open files (`ulimit -n`), at which Node itself still runs a program',
		promise: 'it works, or reports an error',
	},
	data: {
		fault: 'data of one image, of one class, of none; a batch larger than it',
		promise: 'it works, or reports an error',
	},
	seeds: {fault: 'seeds at and beyond the largest number; a million of them', promise: 'it works, or reports an error'},
	threads: {fault: 'no thread, 10,000, a billion', promise: 'it works, or reports an error'},
	names: {fault: 'names of 255 bytes and more', promise: 'it works, or reports an error'},
	surroundings: {
		fault: 'no HOME, no environment, nonsense in it; output that is full or closed',
		promise: 'it works, or reports an error if an output is open',
	},
	clock: {fault: 'the clock goes back by an hour in a run', promise: 'the same bits; its run is listed'},
	country: {fault: 'another time zone and locale', promise: 'records, tables and pages are identical'},
};

const ladderOf = (scope: Ending): OwnLadder => tinyLadder(scope, {train: 96, test: 20, epochs: 2});

export const limitParts: readonly Part[] = Object.entries(tries).map(([name, all]) => ({
	name: `limits-${name}`,
	...{fault: about[name]?.fault ?? name, promise: about[name]?.promise ?? ''},
	skipped: () => (process.platform === 'win32' ? 'limits are set by a shell' : name === 'clock' ? noShim() : undefined),
	run: wanted =>
		tryEach(chosen(Object.keys(all), wanted), one =>
			scoped(async scope => {
				const attempt = all[one];
				return attempt ? attempt(ladderOf(scope)) : `there is no ${one}`;
			}),
		),
}));
