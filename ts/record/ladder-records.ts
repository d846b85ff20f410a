import path from 'node:path';
import {RecordError} from '../errors/index.js';
import type {Ladder, Place} from '../ladder/open-ladder.js';
import type {Evidence, Examined} from '../terms/evidence.js';
import {freeze} from '../terms/freeze.js';
import {type Recorded, recorded} from '../terms/recorded.js';
import {type Swept, swept} from '../terms/sweep.js';
import {TestFamily} from '../terms/test-family.js';
import {typed} from '../text/typed.js';
import {hasRecord, readRecord} from './files.js';
import {hasSweep, readSweep, sweepsFolder} from './sweep-file.js';

/** The records of the ladder, each read once, when it is first asked for. */
export class LadderRecords {
	readonly #known = new Map<string, Recorded>();
	readonly #damaged = new Map<string, RecordError>();
	readonly #sweeps = new Map<string, Swept>();

	constructor(readonly ladder: Ladder) {}

	/** Whether a step has been recorded. */
	has({record}: Place): boolean {
		return hasRecord(record);
	}

	/**
	 * The record of a step.
	 *
	 * @throws {RecordError} where it is missing or damaged
	 */
	of(place: Place): Recorded {
		const {name} = place.step;
		const known = this.#known.get(name);
		if (known) {
			return known;
		}

		const folder = place.record;
		if (!hasRecord(folder)) {
			throw new RecordError(folder, `\`${name}\` has not been recorded; try: ${typed('record', `--step ${name}`)}`);
		}

		const read = freeze(recorded(readRecord(folder)));
		this.#known.set(name, read);
		return read;
	}

	/** The record of a step, for those who can do without: nothing where it is missing or damaged. */
	find(place: Place): Recorded | undefined {
		const {name} = place.step;
		if (!this.has(place) || this.#damaged.has(name)) {
			return undefined;
		}

		try {
			return this.of(place);
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
		for (const place of this.ladder.places) {
			this.find(place);
		}

		return this.#damaged;
	}

	/**
	 * What a sweep came to.
	 *
	 * @throws {RecordError} where it is missing or damaged
	 */
	sweep(name: string): Swept {
		const known = this.#sweeps.get(name);
		if (known) {
			return known;
		}

		const folder = path.join(sweepsFolder(this.ladder.folder), name);
		if (!hasSweep(folder)) {
			throw new RecordError(folder, `there is no sweep \`${name}\`; try: ${typed('sweep', '--help')}`);
		}

		const found = freeze(swept(name, readSweep(folder)));
		this.#sweeps.set(name, found);
		return found;
	}

	/**
	 * What the target and the analysis of a step may speak of; each record is read when it is spoken of. What the claims
	 * test is corrected together.
	 */
	evidence(place: Place): Evidence {
		const {name, from, target, analysis} = place.step;
		const tests = new TestFamily(() => {
			for (const {say, holds} of analysis) {
				tolerant(() => holds(evidence));
				tolerant(() => say(evidence));
			}
		});
		const examination = {tests, steps: [name, from?.name], primary: target.primary ?? 'test'} as const;
		const step = (name: string): Examined => ({...this.of(this.ladder.place(name)), examination});
		const evidence: Evidence = {
			get self() {
				return step(name);
			},
			get from() {
				if (!from) {
					throw new RecordError(place.file, 'the first step grew from none, so that nothing can be said of `from`');
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
