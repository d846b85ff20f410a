import path from 'node:path';
import type {Preregistration, WrittenByRecord} from '../claims/preregistration.js';
import type {StepRecord} from '../claims/step-record.js';
import {RecordError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';
import {listSeeds} from '../format/seeds.js';
import {sha256} from '../fs/hash.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {LedgerLine, LineOf} from '../ledger/events.js';
import {hasLedger, ledgerFile, parseLedger} from '../ledger/ledger.js';
import {git, gitState} from '../platform/git.js';
import {gitProblem} from './commit.js';
import {historyOf, orderOf} from './history.js';
import type {LadderRecords} from './ladder-records.js';
import {preregistrationChecksum, preregistrationFile, preregistrationHash} from './preregistration-file.js';

/** What git says about the commits that preregistrations name. */
export type CommitCheck = {
	/** A sentence for each contradiction. */
	readonly problems: readonly string[];
	/** Why git could not be asked; `undefined` if it was, or nothing names a commit. */
	readonly unchecked: string | undefined;
};

/**
 * Compares records with the history of git: whether the commits that their preregistrations name exist, hold the step and the ledger
 * that were preregistered, and come before the first commit with the record; likewise the commits at which seeds were added; and whether
 * a commit removed lines of the ledger.
 *
 * @param strict whether each preregistration has to be committed before its record, and git has to be there
 */
export const checkCommits = (records: LadderRecords, entries: readonly StepEntry[], strict: boolean): CommitCheck => {
	if (isDamaged(records)) {
		return {problems: [], unchecked: undefined}; // `checkLedger` names it
	}

	const {folder: ladder} = records.ladder;
	const recorded = entries.flatMap(entry => {
		const record = records.has(entry) ? records.find(entry)?.record : undefined;
		return record ? [{entry, record}] : [];
	});
	const {state} = gitState(ladder);
	const isAsked = strict
		? recorded.length > 0
		: recorded.some(({record}) => namesCommit(record.preregistration)) || (state === 'complete' && hasLedger(ladder));
	const problem = isAsked ? gitProblem(ladder) : undefined;
	if (!isAsked || problem !== undefined) {
		const sentence = `The commits that preregistrations name were not checked: ${problem}.`;
		return {
			problems: problem !== undefined && strict ? [sentence] : [],
			unchecked: problem === undefined || strict ? undefined : sentence,
		};
	}

	const repository = new Repository(ladder);
	const problems = recorded.flatMap(({entry, record}) => {
		const found =
			record.preregistration.made.by === 'history'
				? checkHistoricCommits(record, repository, strict)
				: checkCommit(entry, record, records, repository, strict);
		return [
			...found.map(sentence => `${displayPath(preregistrationFile(entry.record))}: ${sentence}`),
			...checkAdditions(entry, record, records, repository, strict),
		];
	});
	return {problems: [...problems, ...checkAppended(ladder, repository)], unchecked: undefined};
};

const isDamaged = (records: LadderRecords): boolean => {
	try {
		records.ledger();
		return false;
	} catch (error) {
		if (error instanceof RecordError) {
			return true;
		}

		throw error;
	}
};

const namesCommit = ({made}: Preregistration): boolean => made.by === 'history' || writtenBy(made).commit !== null;

const writtenBy = (made: Preregistration['made']): WrittenByRecord => made as WrittenByRecord;

const short = (commit: string): string => commit.slice(0, 7);

/** Checks the commits of a preregistration that was put together from them. */
const checkHistoricCommits = (
	{preregistration: {made}}: StepRecord,
	repository: Repository,
	strict: boolean,
): string[] => {
	const {target, experiment, why, result} = historyOf(made);
	const parts = {target, experiment, reason: why};
	const wrong = Object.entries({...parts, result}).flatMap(([name, {commit, time}]) => {
		const found = repository.timeOf(commit);
		return found === undefined
			? [`commit ${short(commit)} of the ${name} does not exist`]
			: found === time
				? []
				: [`commit ${short(commit)} of the ${name} was made at ${found}, not at ${time}`];
	});
	if (wrong.length > 0) {
		return wrong;
	}

	return Object.entries(parts).flatMap(([name, origin]) => {
		const order = orderOf(origin, result);
		const isTrue =
			order === 'with' ||
			(order === 'before'
				? repository.isBefore(origin.commit, result.commit)
				: repository.isBefore(result.commit, origin.commit));
		return [
			...(isTrue
				? []
				: [
						`commit ${short(origin.commit)} of the ${name} is not ${order} that of the result, ${short(result.commit)}`,
					]),
			...(strict && order !== 'before' ? [`the ${name} was not committed before the first result`] : []),
		];
	});
};

/** Checks the commit that was checked out when a preregistration was written. */
const checkCommit = (
	entry: StepEntry,
	{preregistration}: StepRecord,
	records: LadderRecords,
	repository: Repository,
	strict: boolean,
): string[] => {
	const {commit} = writtenBy(preregistration.made);
	const file = preregistrationFile(entry.record);
	const first = repository.firstWith(preregistrationHash(preregistration), path.join(entry.record, 'record.json'));
	const wrong =
		commit === null
			? undefined
			: (wrongCommit(entry, preregistration, records, repository) ?? notBefore(commit.hash, first, repository));
	if (wrong !== undefined || !strict) {
		return wrong === undefined ? [] : [wrong];
	}

	const promised = repository.firstWith(`"checksum": "${preregistrationChecksum(preregistration)}"`, file);
	if (promised === undefined || promised === first || !repository.isBefore(promised, first ?? 'HEAD')) {
		return ['it was not committed before its record: record with `--commit`'];
	}

	const ledger = repository.textAt(promised, ledgerFile(records.ladder.folder)) ?? '';
	return ledger.includes(preregistrationHash(preregistration)) || lineOf(preregistration, records) === undefined
		? []
		: [`commit ${short(promised)}, which has it first, does not have the ledger’s line about it`];
};

const notBefore = (commit: string, first: string | undefined, repository: Repository): string | undefined =>
	repository.isBefore(commit, first ?? 'HEAD')
		? undefined
		: `commit ${short(commit)} does not come before ${first === undefined ? 'the one that is checked out' : `the record’s first one, ${short(first)}`}`;

/** Checks the commits at which seeds were added to a record. */
const checkAdditions = (
	{record: folder}: StepEntry,
	{added = []}: StepRecord,
	records: LadderRecords,
	repository: Repository,
	strict: boolean,
): string[] => {
	const file = path.join(folder, 'record.json');
	return added.flatMap(({seeds, line: hash}) => {
		const line = records.ledger().find((line): line is LineOf<'added'> => line.event === 'added' && line.hash === hash);
		if (line === undefined) {
			return []; // `checkLedger` names it
		}

		const first = repository.firstWith(hash, file);
		const problem =
			additionProblem(line, first, records, repository) ??
			(strict ? uncommitted(line, first, records, repository) : undefined);
		return problem === undefined
			? []
			: [`${displayPath(file)}: ${listSeeds(seeds)} ${seeds.length === 1 ? 'was' : 'were'} added: ${problem}`];
	});
};

const additionProblem = (
	{commit, previous}: LineOf<'added'>,
	first: string | undefined,
	records: LadderRecords,
	repository: Repository,
): string | undefined => {
	if (commit === null) {
		return undefined;
	}

	const name = `commit ${short(commit.hash)}`;
	if (repository.timeOf(commit.hash) === undefined) {
		return `${name} does not exist`;
	}

	const text = repository.textAt(commit.hash, ledgerFile(records.ladder.folder));
	const wrong = text === undefined ? undefined : wrongLedger(text, name, previous ?? undefined, records);
	return wrong ?? notBefore(commit.hash, first, repository);
};

const uncommitted = (
	{previous, seeds}: LineOf<'added'>,
	first: string | undefined,
	{ladder}: LadderRecords,
	repository: Repository,
): string | undefined => {
	const noted = repository.firstWith(`"previous":"${previous}"`, ledgerFile(ladder.folder));
	return noted === undefined || noted === first || !repository.isBefore(noted, first ?? 'HEAD')
		? `the ledger’s line about ${seeds.length === 1 ? 'it' : 'them'} was not committed before the record that has ${seeds.length === 1 ? 'it' : 'them'}: add seeds with \`--commit\``
		: undefined;
};

/** Says how a commit differs from what was preregistered there. */
const wrongCommit = (
	entry: StepEntry,
	preregistration: Preregistration,
	records: LadderRecords,
	repository: Repository,
): string | undefined => {
	const {commit, ledger} = writtenBy(preregistration.made);
	if (commit === null) {
		return undefined;
	}

	const name = `commit ${short(commit.hash)}`;
	if (repository.timeOf(commit.hash) === undefined) {
		return `${name} does not exist`;
	}

	const line = lineOf(preregistration, records);
	if (commit.clean && line !== undefined) {
		const source = repository.textAt(commit.hash, path.join(records.ladder.folder, line.file));
		if (source === undefined || sha256(source) !== line.source) {
			const has = source === undefined ? 'does not have' : 'has another text of';
			return `${name} ${has} ${displayPath(entry.file)} than was preregistered, although nothing was changed since it`;
		}
	}

	const text = repository.textAt(commit.hash, ledgerFile(records.ladder.folder));
	return text === undefined ? undefined : wrongLedger(text, name, ledger, records);
};

/** Says how the ledger of a commit differs from the one on disk, up to the preregistration. */
const wrongLedger = (
	text: string,
	commit: string,
	before: string | undefined,
	records: LadderRecords,
): string | undefined => {
	const lines = records.ledger();
	const at = (hash: string | undefined): number => lines.findIndex(line => line.hash === hash);
	const head = headOf(text, commit);
	return head === undefined || (at(head) !== -1 && (before === undefined || at(head) <= at(before)))
		? undefined
		: `the ledger of ${commit} does not stand at the beginning of the one on disk: that was cut or rewritten`;
};

const headOf = (text: string, commit: string): string | undefined => {
	try {
		return parseLedger(text, commit).at(-1)?.hash ?? undefined;
	} catch (error) {
		if (error instanceof RecordError) {
			return ''; // no line has that hash
		}

		throw error;
	}
};

/** Names commits that removed or changed lines of the ledger, and such changes on disk: lines are only appended to it. */
const checkAppended = (ladder: string, repository: Repository): string[] => {
	const file = displayPath(ledgerFile(ladder));
	return repository
		.removalsIn(ledgerFile(ladder))
		.map(
			({commit, lines}) =>
				`${file}: ${commit === undefined ? 'since the last commit' : `in commit ${short(commit)}`}, ${lines} ${lines === 1 ? 'line was' : 'lines were'} removed or changed, and lines are only appended to it`,
		);
};

const lineOf = (preregistration: Preregistration, records: LadderRecords): LineOf<'promised'> | undefined => {
	const promise = preregistrationHash(preregistration);
	return records
		.ledger()
		.find((line: LedgerLine): line is LineOf<'promised'> => line.event === 'promised' && line.promise === promise);
};

/** Reads files as they are, whatever the repository's attributes say: no program of its configuration is run, none counts as binary. */
const plainly = ['--text', '--no-textconv', '--no-ext-diff'];

/** The repository of a ladder, in which nothing is changed. */
class Repository {
	readonly #times = new Map<string, string | undefined>();

	constructor(readonly folder: string) {}

	#ask(...words: string[]): string | undefined {
		const found = git(this.folder, ['--literal-pathspecs', ...words]);
		return found.ok ? found.text : undefined;
	}

	/** Returns when a commit was made, in UTC; `undefined` if it does not exist. */
	timeOf(commit: string): string | undefined {
		if (!this.#times.has(commit)) {
			const time = this.#ask('show', '--no-patch', '--format=%cI', `${commit}^{commit}`, '--')?.trim();
			this.#times.set(commit, time === undefined ? undefined : new Date(time).toISOString());
		}

		return this.#times.get(commit);
	}

	/** Returns whether a commit is another one, or one of those that it grew from. */
	isBefore(commit: string, other: string): boolean {
		return this.#ask('merge-base', '--is-ancestor', commit, other) !== undefined;
	}

	/** Returns the text of a file in a commit, with `\n` as line ends; `undefined` if it has none. */
	textAt(commit: string, file: string): string | undefined {
		return this.#ask('show', '--no-textconv', `${commit}:./${this.#relative(file)}`)?.replaceAll('\r\n', '\n');
	}

	/** Returns the first commit in which a file has a text; `undefined` if none has it yet. */
	firstWith(text: string, file: string): string | undefined {
		const found = this.#ask('log', ...plainly, '--reverse', '--format=%H', `-S${text}`, '--', this.#relative(file));
		return found?.split('\n')[0] || undefined;
	}

	/** Lists how many lines of a file each commit removed, and what is on disk now; those without removals are left out. */
	removalsIn(file: string): Array<{readonly commit: string | undefined; readonly lines: number}> {
		const name = this.#relative(file);
		const lines = ['--unified=0', '--no-color', '--no-renames', ...plainly]; // `--numstat` would go by the attributes
		const log = this.#ask('log', '--patch', '--format=commit %H', ...lines, '--', name) ?? '';
		const now = this.#ask('diff', '--ignore-cr-at-eol', ...lines, 'HEAD', '--', name) ?? '';
		const removed = new Map<string | undefined, number>();
		let commit: string | undefined;
		for (const line of `${now}\n${log}`.split('\n')) {
			commit = /^commit ([\da-f]{40,})$/.exec(line)?.[1] ?? commit;
			if (/^-(?!-- )/.test(line)) {
				removed.set(commit, (removed.get(commit) ?? 0) + 1);
			}
		}

		return [...removed].map(([commit, lines]) => ({commit, lines}));
	}

	#relative(file: string): string {
		return path.relative(this.folder, file).replaceAll(path.sep, '/');
	}
}
