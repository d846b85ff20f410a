// The promises of the MNIST ladder's steps that were recorded before promises were kept: for target, experiment and
// reason the first commit of this repository that said what the step says today, and has said ever since, beside the
// first commit with a result of the step. Without flags it says where a promise is not what the commits show, as after a
// reason has been put in other words; with `--write` it writes such a promise anew, by the commit of the new words.
//
//   npm run build && node scripts/promises-from-history.mjs
import {execFileSync} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath, pathToFileURL} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** @param {string} file */
const library = file => import(pathToFileURL(path.join(root, 'dist', 'ts', file)).href);
const {openLadder} = await library('index.js');
const {LadderRecords} = await library('record/ladder-records.js');
const {said} = await library('record/make-promise.js');
const {writeRecord} = await library('record/files.js');
const {promiseFile, promiseHash, writePromise} = await library('record/promise-file.js');

/** @param {string[]} words */
const git = (...words) => execFileSync('git', ['-C', root, ...words], {encoding: 'utf8', maxBuffer: 1 << 26});

/** Every commit of steps or records up to the one checked out, the first one first, with the names of its files. */
const commits = git('log', '--reverse', '--format=%H %cI', '--', 'ts/steps', 'records', 'ladders/mnist')
	.trim()
	.split('\n')
	.map(line => {
		const [commit = '', time = ''] = line.split(' ');
		return {commit, time: new Date(time).toISOString(), files: git('ls-tree', '-r', '--name-only', commit).split('\n')};
	});

/** @typedef {typeof commits[number]} Commit */
/** @typedef {{step: {name: string, from?: {name: string}}, position: number, file: string, record: string}} Place */

/** @type {Map<string, string>} */
const sources = new Map();

/**
 * The source of a step at a commit; nothing where it was not there.
 *
 * @param {Commit} at
 * @param {string} name
 */
const sourceAt = ({commit, files}, name) => {
	const file = files.find(file => new RegExp(`^(ts|ladders/mnist)/steps/\\d+-${name}\\.ts$`).test(file));
	const place = `${commit}:${file}`;
	const source = file && (sources.get(place) ?? git('show', place));
	if (source) {
		sources.set(place, source);
	}

	return source;
};

/** @param {string} text */
const words = text => text.replaceAll(/\s+/g, ' ').trim();

/**
 * What a source says of experiment and target, as far as it can be told from its text.
 *
 * @param {string} source
 */
const parts = source => {
	const [, experiment = '', target = ''] = /\n\tname: (.*?)\n\ttarget: \{(.*?)\n\t\},?\n/s.exec(source) ?? [];
	// Once a block says what was promised, it repeats the promise and not what the step says.
	const block = /^\/\*\nTarget: .*?\n {2}Why: ((?:(?!\n {2}Promised: ).)*?)\n\n/s.exec(source)?.[1];
	const literal = /^\s*why:\s*((?:'[^'\n]*'(?:\s*\+\s*)?)+),/.exec(target)?.[1];
	const pieces = literal?.match(/'[^'\n]*'/g)?.map(piece => piece.slice(1, -1));
	return {
		experiment: words(experiment),
		figures: [...target.matchAll(/\b(testAccuracy|heldFor|maxParameters|maxEpochs): ([\d._e]+)/g)].map(
			([, name, figure = '']) => [name, Number(figure.replaceAll('_', ''))],
		),
		/** As code: the same code over the same records says the same. */
		code: words(/why:.*?(?=\n\t\ttestAccuracy)/s.exec(target)?.[0] ?? ''),
		/** As text, where the commit has it. */
		text: block === undefined ? pieces?.join('') : words(block),
	};
};

/**
 * The commit from which on something has been so.
 *
 * @param {(at: Commit) => boolean} holds
 */
const since = holds => {
	const last = commits.findLastIndex(at => !holds(at));
	const first = commits[last + 1];
	if (!first) {
		throw new Error('the commit that is checked out says something else: commit the step first');
	}

	return {commit: first.commit, time: first.time};
};

/**
 * @param {Place} place
 * @param {{why: string, target: Record<string, number>}} now
 */
const madeFromHistory = ({step}, {why, target}) => {
	const today = parts(/** @type {string} */ (sourceAt(/** @type {Commit} */ (commits.at(-1)), step.name)));
	/** @type {(of: (found: ReturnType<typeof parts>, at: Commit) => boolean) => {commit: string, time: string}} */
	const sinceSaid = of =>
		since(at => {
			const source = sourceAt(at, step.name);
			return source !== undefined && of(parts(source), at);
		});

	const chain = [step];
	while (chain.at(-1)?.from) {
		chain.push(/** @type {typeof step} */ (chain.at(-1)?.from));
	}

	/** @type {(at: Commit) => string} */
	const experimentAt = at => chain.map(({name}) => parts(sourceAt(at, name) ?? '').experiment).join('\n');
	const wanted = experimentAt(/** @type {Commit} */ (commits.at(-1)));
	const result = commits.find(({files}) =>
		files.some(file => new RegExp(`^(ladders/mnist/)?records/(?!bench/).*\\b${step.name}\\b`).test(file)),
	);
	if (!result) {
		throw new Error(`no commit has a result of ${step.name}`);
	}

	return {
		by: 'history',
		target: sinceSaid(
			({figures}) => figures.length === 4 && figures.every(([name, figure]) => target[String(name)] === figure),
		),
		experiment: since(at => experimentAt(at) === wanted && sourceAt(at, step.name) !== undefined),
		// A commit without the text of a reason has its code, over records that have not changed since.
		why: sinceSaid(({text, code}) => (text === undefined ? code === today.code : text === words(why))),
		result: {commit: result.commit, time: result.time},
	};
};

/**
 * The promise of a step, as the commits show it.
 *
 * @param {Place} place
 * @param {InstanceType<typeof LadderRecords>} records
 * @param {unknown} data
 */
const promiseFromHistory = (place, records, data) => {
	const now = said(place, records.evidence(place), data);
	return {...now, seeds: null, made: madeFromHistory(place, now)};
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const ladder = await openLadder(path.join(root, 'ladders', 'mnist'));
	const data = await ladder.data.open(ladder.folder);
	const records = new LadderRecords(ladder);
	for (const place of ladder.places) {
		const {record} = records.of(place);
		if (record.promise.made.by !== 'history') {
			continue;
		}

		const promise = promiseFromHistory(place, records, data);
		if (promiseHash(record.promise) === promiseHash(promise)) {
			continue;
		}

		if (process.argv.includes('--write')) {
			writeRecord(place.record, {...record, promise: writePromise(place.record, promise)});
		} else {
			process.stdout.write(`${promiseFile(place.record)} is not what the commits show\n`);
			process.exitCode = 1;
		}
	}
}
