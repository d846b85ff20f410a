import path from 'node:path';
import type {AddedSeeds, StepRecord} from '../claims/step-record.js';
import {ConfigError, RecordError} from '../errors/index.js';
import {listSeeds} from '../format/seeds.js';
import {ladderHint} from '../ladder/ladder-hint.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import type {LedgerLine, LineOf} from '../ledger/events.js';
import {appendToLedger, readLedger} from '../ledger/ledger.js';
import {commitOf, commitPhrase} from './commit.js';
import {hasRecord, readRecord, recordHash} from './file.js';
import {preregistrationHash} from './preregistration-file.js';

// Seeds can be added to a record: the ledger notes them before they are trained, and none is dropped from then on.

/** Returns the additions to a preregistration, in their order. */
export const additionsTo = (lines: readonly LedgerLine[], promise: string): Array<LineOf<'added'>> =>
	lines.filter((line): line is LineOf<'added'> => line.event === 'added' && line.promise === promise);

/** Returns additions as a record has them. */
export const asRecorded = (lines: ReadonlyArray<LineOf<'added'>>): AddedSeeds[] =>
	lines.map(({seeds, hash}) => ({seeds, line: hash}));

/**
 * Reads the record that seeds are to be added to, and checks that they can be.
 *
 * @throws {ConfigError} if the step has no record, or one from before preregistrations, or if a seed is in it already
 * @throws {RecordError} if the record is damaged, or seeds that were added before have not been recorded yet
 */
export const recordToExtend = (
	{step, record: folder}: StepEntry,
	ladder: string,
	seeds: readonly number[],
): StepRecord & {readonly preregistration: {readonly seeds: readonly number[]}} => {
	const refuse = (expected: string, got: string, sentence: string): ConfigError =>
		new ConfigError('add', expected, got, sentence);
	if (!hasRecord(folder)) {
		const sentence = `seeds can’t be added to \`${step.name}\`: it has no record yet; try: ${ladderHint(ladder, 'record', `--step ${step.name}`)}`;
		throw refuse('a recorded step', step.name, sentence);
	}

	const found = readRecord(folder);
	const {preregistration} = found;
	const {seeds: preregistered} = preregistration;
	if (preregistered === null) {
		const sentence = `seeds can’t be added to \`${step.name}\`: its record is older than preregistrations; record it again with \`--fresh\``;
		throw refuse('a record with a preregistration', step.name, sentence);
	}

	const known = found.seeds.map(({seed}) => seed);
	const pending = additionsTo(readLedger(ladder), preregistrationHash(preregistration)).find(
		addition => !addition.seeds.every(seed => known.includes(seed)),
	);
	if (pending && pending.seeds.join() !== seeds.join()) {
		throw new RecordError(
			folder,
			`${listSeeds(pending.seeds)} were added before and have not been recorded: finish them first, with \`--add-seeds ${pending.seeds.join(',')}\``,
		);
	}

	const twice = seeds.find(seed => known.includes(seed));
	if (twice !== undefined) {
		const sentence = `seed ${twice} is in the record of \`${step.name}\` already, which has ${listSeeds(known)}: add others`;
		throw refuse(`seeds other than ${known.join(', ')}`, seeds.join(', '), sentence);
	}

	return {...found, preregistration: {...preregistration, seeds: preregistered}};
};

/** Notes in the ledger that seeds are going to be added to a record, unless that was done: `record` may have been interrupted. */
export const noteAddedSeeds = (ladder: string, folder: string, record: StepRecord, seeds: readonly number[]): void => {
	const promise = preregistrationHash(record.preregistration);
	if (additionsTo(readLedger(ladder), promise).some(line => line.seeds.join() === seeds.join())) {
		return;
	}

	appendToLedger(ladder, {
		...{event: 'added', step: record.step, promise, seeds: [...seeds], record: recordHash(record)},
		commit: commitOf(path.dirname(folder)),
	});
};

/** Says when seeds were added to a preregistration, and what was known then; empty if none were. */
export const addedSentence = (
	{added = [], preregistration}: Pick<StepRecord, 'added' | 'preregistration'>,
	ledger: readonly LedgerLine[],
): string => {
	const before = [...(preregistration.seeds ?? [])];
	return added
		.map(({seeds, line}) => {
			const found = ledger.find(({hash}) => hash === line);
			const when =
				found?.event === 'added'
					? ` on ${found.time.slice(0, 16).replace('T', ' ')} UTC, ${commitPhrase(found.commit)},`
					: '';
			const known = listSeeds(before);
			before.push(...seeds);
			return ` ${upper(listSeeds(seeds))} ${seeds.length === 1 ? 'was' : 'were'} added${when} when the results of ${known} were known.`;
		})
		.join('');
};

const upper = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;

/**
 * Compares the additions of a record with the ledger: each stands there as the record says, before its seeds were trained, and the seeds
 * before it are as they were recorded then.
 *
 * @returns a sentence for the first that does not agree
 */
export const additionProblem = (record: StepRecord, lines: readonly LedgerLine[]): string | undefined => {
	const promise = preregistrationHash(record.preregistration);
	const noted = additionsTo(lines, promise);
	const {added = []} = record;
	for (const [index, {seeds, line}] of added.entries()) {
		const found = noted.find(({hash}) => hash === line);
		const names = listSeeds(seeds);
		if (found?.seeds.join() !== seeds.join()) {
			return `that ${names} were added is not in the ledger as the record says`;
		}

		const early = record.seeds.find(
			({seed, begun}) => seeds.includes(seed) && begun !== null && Date.parse(begun) < Date.parse(found.time),
		);
		if (early) {
			return `the run of seed ${early.seed} began at ${early.begun}, before it was added at ${found.time}`;
		}

		if (!stoodThen(record, index, found, lines)) {
			return `its seeds before ${names} are not as they were recorded when those were added`;
		}
	}

	// the record was written after the line that it names; an addition before that which it lacks was dropped
	const written = lines.findIndex(({hash}) => hash === record.ledger);
	const dropped = noted.find(found => added.every(({line}) => line !== found.hash) && lines.indexOf(found) <= written);
	return dropped && `it lacks ${listSeeds(dropped.seeds)}, which were added before it was written`;
};

/** Whether the part of a record before an addition is the one that the ledger has as recorded then. */
const stoodThen = (
	record: StepRecord,
	additions: number,
	{record: hash}: LineOf<'added'>,
	lines: readonly LedgerLine[],
): boolean => {
	const recorded = lines.findIndex(line => line.event === 'recorded' && line.record === hash);
	const part = partBefore(record, additions);
	// its own file names the ledger's last line before it, which is one of those before it was noted
	return lines
		.slice(0, Math.max(0, recorded))
		.toReversed()
		.some(({hash: ledger}) => recordHash({...part, ledger}) === hash);
};

/** Returns the part of a record that stood before an addition. */
const partBefore = ({added = [], ...record}: StepRecord, additions: number): StepRecord => {
	const earlier = added.slice(0, additions);
	const kept = new Set([...(record.preregistration.seeds ?? []), ...earlier.flatMap(({seeds}) => seeds)]);
	const seeds = record.seeds.filter(({seed}) => kept.has(seed));
	const conditions = 1 + Math.max(...seeds.map(({condition}) => condition));
	return {
		...record,
		...(earlier.length > 0 && {added: earlier}),
		...{seeds, conditions: record.conditions.slice(0, conditions)},
		epochs: record.epochs.filter(({seed}) => kept.has(seed)),
		answers: record.answers.filter(({seed}) => kept.has(seed)),
	};
};
