import path from 'node:path';
import type {AnalyzedRecord, Evidence} from '../claims/evidence.js';
import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import {TestFamily} from '../claims/multiple-testing.js';
import {RecordError} from '../errors/index.js';
import type {Ladder, StepEntry} from '../ladder/open-ladder.js';
import {commandHint} from '../platform/command-hint.js';
import {hasSweep, readSweep, sweepsFolder} from '../sweep/file.js';
import type {SweepResult} from '../sweep/result.js';
import {summarizeSweep} from '../sweep/result.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import {hasRecord, readRecord} from './file.js';

/** The records of the ladder, each read once, when it is first asked for. */
export class LadderRecords {
	readonly #known = new Map<string, MeasuredRecord>();
	readonly #damaged = new Map<string, RecordError>();
	readonly #sweeps = new Map<string, SweepResult>();

	constructor(readonly ladder: Ladder) {}

	/** Whether a step has been recorded. */
	has({record}: StepEntry): boolean {
		return hasRecord(record);
	}

	/**
	 * The record of a step.
	 *
	 * @throws {RecordError} where it is missing or damaged
	 */
	of(entry: StepEntry): MeasuredRecord {
		const {name} = entry.step;
		const known = this.#known.get(name);
		if (known) {
			return known;
		}

		const folder = entry.record;
		if (!hasRecord(folder)) {
			throw new RecordError(
				folder,
				`\`${name}\` has not been recorded; try: ${commandHint('record', `--step ${name}`)}`,
			);
		}

		const read = deepFreeze(measureRecord(readRecord(folder)));
		this.#known.set(name, read);
		return read;
	}

	/** The record of a step, for those who can do without: nothing where it is missing or damaged. */
	find(entry: StepEntry): MeasuredRecord | undefined {
		const {name} = entry.step;
		if (!this.has(entry) || this.#damaged.has(name)) {
			return undefined;
		}

		try {
			return this.of(entry);
		} catch (error) {
			if (!(error instanceof RecordError)) {
				throw error;
			}

			this.#damaged.set(name, error);
			return undefined;
		}
	}

	/** Steps whose records are there and can't be read, with what is wrong with each. */
	damaged(): ReadonlyMap<string, RecordError> {
		for (const entry of this.ladder.entries) {
			this.find(entry);
		}

		return this.#damaged;
	}

	/**
	 * What a sweep came to.
	 *
	 * @throws {RecordError} where it is missing or damaged
	 */
	sweep(name: string): SweepResult {
		const known = this.#sweeps.get(name);
		if (known) {
			return known;
		}

		const folder = path.join(sweepsFolder(this.ladder.folder), name);
		if (!hasSweep(folder)) {
			throw new RecordError(folder, `there is no sweep \`${name}\`; try: ${commandHint('sweep', '--help')}`);
		}

		const found = deepFreeze(summarizeSweep(name, readSweep(folder)));
		this.#sweeps.set(name, found);
		return found;
	}

	/**
	 * What the target and the analysis of a step may speak of; each record is read when it is spoken of. What the claims
	 * test is corrected together.
	 */
	evidence(entry: StepEntry): Evidence {
		const {name, from, target, analysis} = entry.step;
		const tests = new TestFamily(() => {
			for (const {say, holds} of analysis) {
				tolerant(() => holds(evidence));
				tolerant(() => say(evidence));
			}
		});
		const examination = {tests, steps: [name, from?.name], primary: target.primary ?? 'test'} as const;
		const step = (name: string): AnalyzedRecord => ({...this.of(this.ladder.entry(name)), examination});
		const evidence: Evidence = {
			get self() {
				return step(name);
			},
			get from() {
				if (!from) {
					throw new RecordError(entry.file, 'the first step grew from none, so that nothing can be said of `from`');
				}

				return step(from.name);
			},
			step,
			sweep: name => this.sweep(name),
		};
		return evidence;
	}
}

/** A claim that can't be evaluated tests nothing; whoever checks it is told why. */
const tolerant = (work: () => unknown): void => {
	try {
		work();
	} catch {}
};
