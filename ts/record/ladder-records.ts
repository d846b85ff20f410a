import path from 'node:path';
import {Analysis} from '../claims/analysis.js';
import {
	type ChangedParts,
	changeRecord,
	changeSweep,
	invertSweep,
	type RecordChange,
} from '../claims/changed-record.js';
import type {Evidence} from '../claims/evidence.js';
import {registerRecord} from '../claims/genuine.js';
import {type MeasuredRecord, measureRecord} from '../claims/measured-record.js';
import type {SweepSummary} from '../claims/sweep-summary.js';
import {RecordError} from '../errors/index.js';
import {ladderHint} from '../ladder/ladder-hint.js';
import type {Ladder, StepEntry} from '../ladder/open-ladder.js';
import type {LedgerLine} from '../ledger/events.js';
import {readLedger} from '../ledger/ledger.js';
import {commandHint} from '../platform/command-hint.js';
import {hasSweep, readSweep, sweepsFolder} from '../sweep/file.js';
import type {SweepResult} from '../sweep/result.js';
import {summarizeSweep} from '../sweep/result.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import type {Alternatives} from './claim-basis.js';
import {type EvaluatedClaim, evaluateClaims} from './evaluate-claims.js';
import {hasRecord, readRecord} from './file.js';

/** The records of a ladder. Each is read once, when it is first used. */
export class LadderRecords {
	readonly #known = new Map<string, MeasuredRecord>();
	readonly #damaged = new Map<string, RecordError>();
	readonly #sweeps = new Map<string, SweepResult>();
	#ledger: readonly LedgerLine[] | undefined;
	/** Records with other measures, by what was changed. */
	readonly #changed = new Map<string, MeasuredRecord>();
	readonly #claims = new Map<StepEntry, readonly EvaluatedClaim[]>();

	constructor(readonly ladder: Ladder) {}

	/** Returns whether a step has been recorded. */
	has({record}: StepEntry): boolean {
		return hasRecord(record);
	}

	/**
	 * Returns the record of a step.
	 *
	 * @throws {RecordError} if it is missing or damaged
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
				`\`${name}\` has not been recorded; try: ${ladderHint(folder, 'record', `--step ${name}`)}`,
			);
		}

		const read = registerRecord(deepFreeze(measureRecord(readRecord(folder))));
		this.#known.set(name, read);
		return read;
	}

	/** Returns the record of a step; `undefined` if it is missing or damaged. */
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

	/** Returns the steps whose records can't be read, each with its error. */
	damaged(): ReadonlyMap<string, RecordError> {
		for (const entry of this.ladder.entries) {
			this.find(entry);
		}

		return this.#damaged;
	}

	/**
	 * Returns the lines of the ladder's ledger; none if it has no ledger, as one of an earlier version.
	 *
	 * @throws {RecordError} if it was changed
	 */
	ledger(): readonly LedgerLine[] {
		this.#ledger ??= readLedger(this.ladder.folder);
		return this.#ledger;
	}

	/**
	 * Returns the result of a sweep.
	 *
	 * @throws {RecordError} if it is missing or damaged
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

	/** Returns the claims of a step, evaluated together when they are first asked for. */
	claims(entry: StepEntry): readonly EvaluatedClaim[] {
		const known = this.#claims.get(entry);
		if (known) {
			return known;
		}

		const evaluated = this.evaluate(entry, (_, analysis) =>
			evaluateClaims(entry, analysis, () => this.#alternatives(entry)),
		);
		this.#claims.set(entry, evaluated);
		return evaluated;
	}

	/**
	 * Calls functions of a step with the records that they may refer to; each is read when it is first used. The tests that
	 * the functions make are corrected together, for which they may be called more than once.
	 */
	evaluate<Result>(entry: StepEntry, work: (evidence: Evidence, analysis: Analysis) => Result): Result {
		const {name, from, target} = entry.step;
		const analysis = new Analysis({steps: [name, from?.name], primary: target.primary ?? 'test'});
		return analysis.evaluate(() => work(this.#alternatives(entry).actual, analysis));
	}

	/** Returns the records as they are, and as they might be. */
	#alternatives(entry: StepEntry): Alternatives {
		const {name: own} = entry.step;
		const recordOf = (name: string): MeasuredRecord => this.of(this.ladder.entry(name));
		const sweepOf = (name: string): SweepSummary => this.sweep(name);
		return {
			actual: evidenceOf(entry, recordOf, sweepOf),
			inverted: evidenceOf(entry, recordOf, name => invertSweep(sweepOf(name))),
			changed: (change, parts = {}) =>
				evidenceOf(
					entry,
					name => this.#changedRecord(recordOf(name), change, name === own, parts),
					name => changeSweep(sweepOf(name), change),
				),
		};
	}

	#changedRecord(recorded: MeasuredRecord, change: RecordChange, isOwn: boolean, parts: ChangedParts): MeasuredRecord {
		const key = [recorded.name, change, isOwn, parts.seeds, parts.settings].join();
		const known = this.#changed.get(key) ?? changeRecord(recorded, change, isOwn, parts);
		this.#changed.set(key, known);
		return known;
	}
}

/** Returns the records that the functions of a step refer to. */
const evidenceOf = (entry: StepEntry, step: Evidence['step'], sweep: Evidence['sweep']): Evidence => {
	const {name, from} = entry.step;
	return Object.freeze({
		get self() {
			return step(name);
		},
		get from() {
			if (!from) {
				throw new RecordError(entry.file, 'the first step grew from no other, so it has no `from`');
			}

			return step(from.name);
		},
		step,
		sweep,
	});
};
