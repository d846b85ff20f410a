import path from 'node:path';
import type {Data} from '../data/data.js';
import {describe} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import type {Place} from '../ladder/open-ladder.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {differences} from '../terms/difference.js';
import type {Evidence} from '../terms/evidence.js';
import {goalOf} from '../terms/goal.js';
import type {StepPromise} from '../terms/promise.js';
import {setting} from '../text/setting.js';
import {typed} from '../text/typed.js';
import {commitOf} from './commit.js';
import {hasRecord} from './files.js';
import {ofStepFile} from './of-step-file.js';
import {hasPromise, promiseFile, readPromise, writePromise} from './promise-file.js';

/** What a step says of itself now: all of a promise but its seeds and how it was made. */
export const said = (place: Place, evidence: Evidence, data: Data): Omit<StepPromise, 'seeds' | 'made'> => {
	const {name, from, target, experiment} = place.step;
	const {why: reason} = target;
	const why = typeof reason === 'string' ? reason : ofStepFile(place, '`target.why`', () => reason(evidence));
	return {step: name, from: from?.name ?? null, target: goalOf(target), why, experiment, data: describe(data)};
};

/**
 * The promise that a recording is to show: the one that stands, which the step must still say, or a new one, on disk
 * before anything is trained.
 *
 * @param fresh whether to promise anew what was promised before
 * @throws {RecordError} where the step says something else now, or other seeds were promised
 */
export const makePromise = (
	place: Place,
	evidence: Evidence,
	data: Data,
	{seeds, fresh}: {readonly seeds: readonly number[]; readonly fresh: boolean},
): StepPromise => {
	const now = said(place, evidence, data);
	const {record: folder} = place;
	if (hasPromise(folder) && !fresh) {
		const promise = readPromise(folder);
		const [changed] = changes(promise, now, data);
		if (changed !== undefined) {
			throw new RecordError(promiseFile(folder), changed + anew(place));
		}

		if (promise.seeds && promise.seeds.join() !== seeds.join()) {
			throw new RecordError(
				promiseFile(folder),
				`seeds ${promise.seeds.join(', ')} were promised, not ${seeds.join(', ')}; take those, or promise again with \`--fresh\``,
			);
		}

		return promise;
	}

	return writePromise(folder, {
		...now,
		seeds,
		made: {
			...{by: 'record', time: new Date().toISOString(), version: unwrap(native().runtimeInfo()).version},
			...{commit: commitOf(path.dirname(folder)), again: hasPromise(folder) || hasRecord(folder)},
		},
	});
};

/**
 * Holds a step against what was promised of it.
 *
 * @returns a sentence for each thing that the step says otherwise now
 */
export const checkPromise = (place: Place, promise: StepPromise, evidence: Evidence, data: Data): string[] =>
	changes(promise, said(place, evidence, data), data).map(change => change + anew(place));

const anew = ({step}: Place): string =>
	`; put it back, or record again: ${typed('record', `--step ${step.name} --fresh`)}`;

const changes = (
	{seeds: _, made: __, ...promise}: StepPromise,
	now: Omit<StepPromise, 'seeds' | 'made'>,
	{decoder}: Data,
): string[] => {
	const found = differences(promise, now);
	const alone = found.length === 1 && decoder !== undefined;
	return found.map(({path, before, after}) => {
		const where = path.startsWith('data') ? 'in the ladder' : 'in the step';
		const [promised, is] = excerpts(setting(before ?? undefined), setting(after ?? undefined));
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
