import path from 'node:path';
import type {Evidence} from '../claims/evidence.js';
import type {Preregistration} from '../claims/preregistration.js';
import type {Data} from '../data/data.js';
import {describe} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {differences} from '../experiment/difference.js';
import {goalOf} from '../experiment/goal.js';
import {formatSetting} from '../format/value.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {commandHint} from '../platform/command-hint.js';
import {commitOf} from './commit.js';
import {hasRecord} from './file.js';
import {
	hasPreregistration,
	preregistrationFile,
	readPreregistration,
	writePreregistration,
} from './preregistration-file.js';
import {callStepFunction} from './step-function.js';

/** What a step says of itself now: all of a promise but its seeds and how it was made. */
export const currentPreregistration = (
	entry: StepEntry,
	evidence: Evidence,
	data: Data,
): Omit<Preregistration, 'seeds' | 'made'> => {
	const {name, from, target, experiment} = entry.step;
	const {why: reason} = target;
	const why = typeof reason === 'string' ? reason : callStepFunction(entry, '`target.why`', () => reason(evidence));
	return {step: name, from: from?.name ?? null, target: goalOf(target), why, experiment, data: describe(data)};
};

/**
 * The promise that a recording is to show: the one that stands, which the step must still say, or a new one, on disk
 * before anything is trained.
 *
 * @param fresh whether to promise anew what was promised before
 * @throws {RecordError} where the step says something else now, or other seeds were promised
 */
export const preregister = (
	entry: StepEntry,
	evidence: Evidence,
	data: Data,
	{seeds, fresh}: {readonly seeds: readonly number[]; readonly fresh: boolean},
): Preregistration => {
	const now = currentPreregistration(entry, evidence, data);
	const {record: folder} = entry;
	if (hasPreregistration(folder) && !fresh) {
		const promise = readPreregistration(folder);
		const [changed] = changes(promise, now, data);
		if (changed !== undefined) {
			throw new RecordError(preregistrationFile(folder), changed + anew(entry));
		}

		if (promise.seeds && promise.seeds.join() !== seeds.join()) {
			throw new RecordError(
				preregistrationFile(folder),
				`seeds ${promise.seeds.join(', ')} were promised, not ${seeds.join(', ')}; take those, or promise again with \`--fresh\``,
			);
		}

		return promise;
	}

	return writePreregistration(folder, {
		...now,
		seeds,
		made: {
			...{by: 'record', time: new Date().toISOString(), version: unwrap(native().runtimeInfo()).version},
			...{commit: commitOf(path.dirname(folder)), again: hasPreregistration(folder) || hasRecord(folder)},
		},
	});
};

/**
 * Holds a step against what was promised of it.
 *
 * @returns a sentence for each thing that the step says otherwise now
 */
export const checkPreregistration = (
	entry: StepEntry,
	promise: Preregistration,
	evidence: Evidence,
	data: Data,
): string[] =>
	changes(promise, currentPreregistration(entry, evidence, data), data).map(change => change + anew(entry));

const anew = ({step}: StepEntry): string =>
	`; put it back, or record again: ${commandHint('record', `--step ${step.name} --fresh`)}`;

const changes = (
	{seeds: _, made: __, ...promise}: Preregistration,
	now: Omit<Preregistration, 'seeds' | 'made'>,
	{decoder}: Data,
): string[] => {
	const found = differences(promise, now);
	const alone = found.length === 1 && decoder !== undefined;
	return found.map(({path, before, after}) => {
		const where = path.startsWith('data') ? 'in the ladder' : 'in the step';
		const [promised, is] = excerpts(formatSetting(before ?? undefined), formatSetting(after ?? undefined));
		const decoded =
			alone && path === 'data.hash' ? ` (where the files are the same, ${decoder} decodes them otherwise)` : '';
		return `\`${path}\` was promised as ${promised}, and is ${is} ${where} now${decoded}`;
	});
};

/** Two long texts from shortly before the place where they part. */
const excerpts = (before: string, after: string): [string, string] => {
	const parting = [...before].findIndex((letter, index) => letter !== after[index]);
	const start = Math.max(0, (parting === -1 ? before.length : parting) - 20);
	const cut = (text: string): string =>
		text.length <= 80
			? text
			: `${start > 0 ? '... ' : ''}${text.slice(start, start + 60)}${start + 60 < text.length ? ' ...' : ''}`;
	return [cut(before), cut(after)];
};
