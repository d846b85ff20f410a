import {chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execaSync} from 'execa';
import {sha256} from '../../ts/fs/hash.js';
import {ConfigError, openLadder, RecordError, record} from '../../ts/index.js';
import {gitState} from '../../ts/platform/git.js';
import {checkCommits} from '../../ts/record/check-commits.js';
import {gitProblem} from '../../ts/record/commit.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {writeTexts} from '../../ts/record/write-texts.js';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';
import {reseal, resealWithLedger} from '../helpers/forger.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const promise = 'records/0-tiny/promise.json';
const recorded = 'records/0-tiny/record.json';
const ledger = 'records/ledger.jsonl';
const step = 'steps/0-tiny.ts';

/** A ladder in a repository of its own, whose runs and cache git ignores. */
class Repository {
	readonly own: OwnLadder;

	constructor(t: ExecutionContext) {
		this.own = tinyLadder(t, {epochs: 2, train: 200});
		this.own.write('.gitignore', '/runs/\n/.cache/\n');
		this.git('init', '--quiet', '--initial-branch=main');
		this.git('config', 'user.name', 'A Tester');
		this.git('config', 'user.email', 'tester@example.org');
		this.git('config', 'commit.gpgsign', 'false');
		this.commit('the ladder');
	}

	git(...words: string[]): string {
		return execaSync('git', ['-C', this.own.folder, ...words]).stdout;
	}

	commit(message: string): string {
		this.git('add', '.');
		this.git('commit', '--quiet', '--message', message);
		return this.git('rev-parse', 'HEAD');
	}

	edit(file: string, pattern: RegExp | string, replacement: string): void {
		const before = this.own.read(file);
		const after = before.replace(pattern, replacement);
		if (after === before) {
			throw new Error(`${file} has no ${String(pattern)}`);
		}

		this.own.write(file, after);
	}

	async record({commit = false, fresh = false, seeds = [1], add = false} = {}): Promise<void> {
		const out = path.join(this.own.folder, 'runs');
		const recorder = await record(await openLadder(this.own.folder), 'tiny', {seeds, out, commit, fresh, add});
		await recorder.training?.result;
		recorder.write();
	}

	/** Rewrites the ledger and the text to fit an edit, as a forger would. */
	async forge(): Promise<void> {
		resealWithLedger(this.own.folder);
		writeTexts(await openLadder(this.own.folder));
	}

	async check(strict = false, folder = this.own.folder) {
		const ladder = await openLadder(folder);
		return checkCommits(new LadderRecords(ladder), ladder.entries, strict);
	}
}

const fine = {problems: [], unchecked: undefined};

test('`commit` commits the preregistration and its line of the ledger before training, and nothing else', async t => {
	const repository = new Repository(t);
	const start = repository.git('rev-parse', 'HEAD');
	repository.own.write('other.txt', 'staged');
	repository.own.write('third.txt', 'not staged');
	repository.git('add', 'other.txt');
	await repository.record({commit: true});
	t.is(repository.git('log', '-1', '--format=%s'), 'Preregister tiny (seed 1)');
	t.is(
		repository.git('show', '--name-status', '--format=%P'),
		`${start}\n\nA\t${promise}\nA\t${ledger}\nA\trecords/test-images.jsonl`,
	);
	t.regex(
		repository.git('status', '--porcelain'),
		/^A {2}other\.txt\n M records\/ledger\.jsonl\n M steps\/0-tiny\.ts\n\?\? records\/0-tiny\/epochs\.csv\n/,
	);
	const committed = repository
		.git('show', `HEAD:${ledger}`)
		.split('\n')
		.map(line => JSON.parse(line).event);
	t.deepEqual(committed, ['opened', 'promised']);
	t.deepEqual(await repository.check(), fine);

	repository.commit('the record');
	t.deepEqual(await repository.check(true), fine);
	await repository.record({commit: true}); // resumed: there is nothing left to commit
	t.is(repository.git('log', '-1', '--format=%s'), 'the record');
});

test('a preregistration that was committed with its record is named only by `strict`', async t => {
	const repository = new Repository(t);
	await repository.record();
	t.deepEqual(await repository.check(true), {
		problems: [
			`${path.join(repository.own.folder, promise)}: it was not committed before its record: record with \`--commit\``,
		],
		unchecked: undefined,
	});
	repository.commit('both');
	t.deepEqual(await repository.check(), fine);
	t.regex(
		(await repository.check(true)).problems.join(),
		/: it was not committed before its record: record with `--commit`$/,
	);
	t.is((await repository.own.run(['record', '--check'])).exitCode, 0);
	const {exitCode, stdout} = await repository.own.run(['record', '--check', '--strict']);
	t.is(exitCode, 1);
	t.is(stdout, `${promise}: it was not committed before its record: record with \`--commit\`\n1 problem found.`);
});

test('seeds that were added are to be noted in a commit before the record that has them', async t => {
	const repository = new Repository(t);
	await repository.record({commit: true});
	repository.commit('the record');
	await repository.record({commit: true, seeds: [6, 7], add: true});
	t.deepEqual(await repository.check(true), fine, 'before the record is committed');
	repository.commit('the record with more seeds');
	t.deepEqual(await repository.check(true), fine);

	await repository.record({seeds: [8], add: true});
	repository.commit('line and record at once');
	t.deepEqual(await repository.check(), fine);
	const [problem = '', ...others] = (await repository.check(true)).problems;
	t.regex(
		problem,
		/record\.json: seed 8 was added: the ledger’s line about it was not committed before the record that has it: add seeds with `--commit`$/,
	);
	t.deepEqual(others, []);
});

test('an invented commit of an addition is named, and one from elsewhere', async t => {
	const repository = new Repository(t);
	await repository.record({commit: true});
	const before = repository.commit('the record');
	await repository.record({commit: true, seeds: [6], add: true});
	const elsewhere = repository.git('commit-tree', '-m', 'elsewhere', `${before}^{tree}`);
	const lineOf = (): string =>
		repository.own
			.read(ledger)
			.split('\n')
			.find(line => line.includes('"event":"added"')) ?? '';
	let named = before;
	for (const [commit, sentence] of [
		['0'.repeat(40), /record\.json: seed 6 was added: commit 0000000 does not exist$/],
		[elsewhere, /: seed 6 was added: commit \w{7} does not come before the one that is checked out$/],
	] as const) {
		const line = lineOf();
		repository.edit(ledger, line, line.replace(named, commit));
		repository.edit(recorded, sha256(line), sha256(lineOf()));
		named = commit;
		await repository.forge();
		const {problems} = await repository.check();
		t.true(
			problems.some(problem => sentence.test(problem)),
			problems.join('\n'),
		);
	}
});

test('an invented commit is named, and one that came later or elsewhere', async t => {
	const repository = new Repository(t);
	await repository.record();
	repository.git('switch', '--quiet', '--create', 'side');
	repository.own.write('side.txt', '');
	repository.git('add', 'side.txt');
	repository.git('commit', '--quiet', '--message', 'elsewhere');
	const elsewhere = repository.git('rev-parse', 'HEAD');
	repository.git('switch', '--quiet', 'main');
	repository.commit('the record');
	repository.own.write('later.txt', '');
	const later = repository.commit('later');
	t.deepEqual(await repository.check(), fine);
	for (const [commit, problem] of [
		['a7b8c9d0'.repeat(5), 'commit a7b8c9d does not exist'],
		[elsewhere, `commit ${elsewhere.slice(0, 7)} does not come before the one that is checked out`],
		[
			later,
			`commit ${later.slice(0, 7)} has another text of ${path.join(repository.own.folder, step)} than was preregistered, although nothing was changed since it`,
		],
	] as const) {
		repository.edit(promise, /(?<="commit": \{\n\t\t\t"hash": ")[\da-f]{40}/, commit);
		await repository.forge();
		const {problems} = await repository.check();
		t.is(problems[0], `${path.join(repository.own.folder, promise)}: ${problem}`);
		t.regex(problems[1] ?? '', /records\/ledger\.jsonl: since the last commit, \d lines were removed or changed/);
	}

	const forged = repository.commit('forged');
	t.true(
		(await repository.check()).problems.some(problem =>
			problem.includes(`ledger.jsonl: in commit ${forged.slice(0, 7)}, `),
		),
	);
});

test('a step that was changed without a commit is named, where the preregistration says that nothing was', async t => {
	const repository = new Repository(t);
	repository.edit(step, 'testAccuracy: 0.5', 'testAccuracy: 0.4');
	await repository.record();
	t.deepEqual(await repository.check(), fine);
	repository.edit(promise, '"clean": false', '"clean": true');
	await repository.forge();
	t.regex(
		(await repository.check()).problems.join(),
		/promise\.json: commit [\da-f]{7} has another text of .*steps\/0-tiny\.ts than was preregistered, although nothing was changed since it$/,
	);
});

test('attributes of the repository hide no removed line, and run no program', async t => {
	const repository = new Repository(t);
	await repository.record();
	repository.commit('the first attempt');
	await repository.record({fresh: true, seeds: [2], commit: true});
	const ran = path.join(temporaryFolder(t), 'ran');
	repository.git('config', 'diff.own.textconv', `touch ${ran}; cat`);
	repository.own.write('.gitattributes', 'ledger.jsonl -diff\n*.json diff=own\n');
	repository.commit('the second');
	t.deepEqual(await repository.check(true), fine);
	const [opened = '', ...others] = repository.own.read(ledger).trimEnd().split('\n');
	repository.own.write(ledger, `${[opened, ...others.slice(4)].join('\n')}\n`); // without the first attempt
	await repository.forge();
	t.regex((await repository.check()).problems.join('\n'), /since the last commit, \d+ lines were removed or changed/);
	t.false(existsSync(ran));
});

test('a ledger that was committed and then rewritten is named, though it fits the record', async t => {
	const repository = new Repository(t);
	await repository.record();
	repository.commit('the first attempt');
	await repository.record({fresh: true, seeds: [2], commit: true});
	repository.commit('the second');
	t.deepEqual(await repository.check(true), fine);
	const lines = repository.own.read(ledger).trimEnd().split('\n');
	const [opened = '', ...others] = lines;
	repository.own.write(ledger, `${[opened, ...others.slice(4)].join('\n')}\n`); // without the first attempt
	await repository.forge();
	const {problems} = await repository.check();
	t.regex(
		problems.join('\n'),
		/records\/ledger\.jsonl: since the last commit, \d+ lines were removed or changed, and lines are only appended to it$/m,
	);
	t.regex(
		problems.join('\n'),
		/promise\.json: the ledger of commit [\da-f]{7} does not stand at the beginning of the one on disk: that was cut or rewritten$/m,
	);
});

test('commits that were put together from history are asked for', async t => {
	const repository = new Repository(t);
	const first = repository.git('rev-parse', 'HEAD');
	await repository.record();
	const second = repository.commit('the record');
	const at = (commit: string) => ({
		commit,
		time: new Date(repository.git('show', '-s', '--format=%cI', commit)).toISOString(),
	});
	const asHistory = async (target: object, result: object) => {
		const {format: _, made: __, seeds: ___, ...rest} = JSON.parse(repository.own.read(promise));
		const {checksum, ...before} = rest;
		const made = {by: 'history', target, experiment: at(first), why: result, result};
		repository.own.write(promise, JSON.stringify({...before, seeds: null, made, checksum}));
		const {format: ____, ledger: _____, ...record} = JSON.parse(repository.own.read(recorded));
		repository.own.write(recorded, JSON.stringify(record));
		rmSync(path.join(repository.own.folder, ledger), {force: true});
		reseal(repository.own.folder);
		return repository.check();
	};
	// both commits may have been made within a second, in which nothing says which was first
	const later = {...at(second), time: new Date(Date.parse(at(second).time) + 5000).toISOString()};
	const {problems} = await asHistory(at(first), at(second));
	t.deepEqual(
		problems.filter(problem => /does not exist|was made at/.test(problem)),
		[],
	);
	t.regex(
		(await asHistory(at(first), later)).problems.join(),
		new RegExp(`commit ${second.slice(0, 7)} of the .* was made at .*, not at `),
	);
	const invented = await asHistory({commit: 'a'.repeat(40), time: at(first).time}, at(second));
	t.regex(invented.problems.join(), /promise\.json: commit aaaaaaa of the target does not exist,/);
});

test('the commits that the records of this project name exist, in this order', async t => {
	if (gitState(root).state !== 'complete') {
		t.pass('not in an archive or a shallow clone');
		return;
	}

	const ladder = await openLadder(path.join(root, 'ladders', 'mnist'));
	t.deepEqual(checkCommits(new LadderRecords(ladder), ladder.entries, false), fine);
});

/** Calls synchronous work with other variables of the environment. */
const withEnvironment = <Value>(variables: Record<string, string>, work: () => Value): Value => {
	const before = {...process.env};
	Object.assign(process.env, variables);
	try {
		return work();
	} finally {
		for (const name of Object.keys(variables)) {
			if (before[name] === undefined) {
				delete process.env[name];
			} else {
				process.env[name] = before[name];
			}
		}
	}
};

test('each reason why git can’t be asked has a sentence of its own, which fails only with `strict`', async t => {
	const repository = new Repository(t);
	await repository.record({commit: true});
	repository.commit('the record');
	const {folder} = repository.own;
	const ladder = await openLadder(folder);
	const check = (strict: boolean, variables = {}) =>
		withEnvironment(variables, () => checkCommits(new LadderRecords(ladder), ladder.entries, strict));
	const oldGit = temporaryFolder(t);
	writeFileSync(
		path.join(oldGit, 'git'),
		'#!/bin/sh\ncase "$*" in *--version*) echo git version 2.11.0;; *) echo true; echo --is-shallow-repository;; esac\n',
	);
	chmodSync(path.join(oldGit, 'git'), 0o755);
	for (const [variables, problem] of [
		[{PATH: temporaryFolder(t)}, 'git is not installed, or not on the PATH: install it'],
		[
			{GIT_TEST_ASSUME_DIFFERENT_OWNER: '1'},
			`git does not read a repository that belongs to another user (“dubious ownership”): if you trust it, run \`git config --global --add safe.directory ${folder}\``,
		],
		[{PATH: oldGit}, 'git version 2.11.0 is too old: install 2.15 or newer'],
	] as const) {
		const sentence = `The commits that preregistrations name were not checked: ${problem}.`;
		t.deepEqual(check(false, variables), {problems: [], unchecked: sentence});
		t.deepEqual(check(true, variables), {problems: [sentence], unchecked: undefined});
	}

	const outside = temporaryFolder(t);
	cpSync(folder, outside, {recursive: true, filter: file => path.basename(file) !== '.git'});
	t.is(
		(await repository.check(false, outside)).unchecked,
		'The commits that preregistrations name were not checked: the ladder is outside of git: use the repository that it comes from.',
	);

	const shallow = path.join(temporaryFolder(t), 'shallow');
	repository.git('clone', '--quiet', '--depth', '1', `file://${folder}`, shallow);
	t.is(
		(await repository.check(false, shallow)).unchecked,
		'The commits that preregistrations name were not checked: this is a shallow clone, which lacks earlier commits: run `git fetch --unshallow`.',
	);
});

test('a ladder outside of git, whose preregistration names no commit, asks git for nothing', async t => {
	const own = tinyLadder(t, {epochs: 2, train: 200});
	const ladder = await openLadder(own.folder);
	const recorder = await record(ladder, 'tiny', {seeds: [1], out: path.join(own.folder, 'runs')});
	await recorder.training?.result;
	recorder.write();
	t.deepEqual(checkCommits(new LadderRecords(ladder), ladder.entries, false), fine);
	t.regex(
		checkCommits(new LadderRecords(ladder), ladder.entries, true).problems.join(),
		/: the ladder is outside of git: /,
	);
	await t.throwsAsync(record(ladder, 'tiny', {seeds: [1], out: path.join(own.folder, 'runs'), commit: true}), {
		instanceOf: ConfigError,
		message:
			/^the preregistration can’t be committed \(`commit`\): the ladder is outside of git: use the repository that it comes from$/,
	});
	await t.throwsAsync(record(ladder, 'tiny', {seeds: [1], out: 'runs', commit: 1 as never}), {
		message: '`commit` should be `true` or `false`, got 1',
	});
});

test('a hook that refuses the commit is reported, and nothing is trained', async t => {
	const repository = new Repository(t);
	const hook = path.join(repository.own.folder, '.git', 'hooks', 'pre-commit');
	writeFileSync(hook, '#!/bin/sh\necho "no commits on Mondays" >&2\nexit 1\n');
	chmodSync(hook, 0o755);
	await t.throwsAsync(repository.record({commit: true}), {
		instanceOf: RecordError,
		message:
			/promise\.json: git could not commit it \(no commits on Mondays\): commit it by hand, and run the command again$/,
	});
	const events = readFileSync(path.join(repository.own.folder, ledger), 'utf8')
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line).event);
	t.deepEqual(events, ['opened', 'promised']);
	rmSync(hook);
	await repository.record({commit: true});
	repository.commit('the record');
	t.deepEqual(await repository.check(true), fine);
});

test('a folder that git ignores can’t be committed, and the reason is printed', async t => {
	const repository = new Repository(t);
	repository.own.write('.gitignore', '/runs/\n/.cache/\n/records/\n');
	await t.throwsAsync(repository.record({commit: true}), {
		message: /git could not commit it \(The following paths are ignored/,
	});
});

test('git is asked in the ladder’s own repository, also in a hook of another one', t => {
	t.is(
		gitProblem(
			root,
			withEnvironment({GIT_DIR: '/nowhere'}, () => gitState(root)),
		),
		gitProblem(root),
	);
});
