import {RecordError} from '../errors/index.js';
import type {Ladder, Place} from '../ladder/open-ladder.js';
import type {Evidence, Examined} from '../terms/evidence.js';
import {type Recorded, recorded} from '../terms/recorded.js';
import {summarize} from '../terms/summarize.js';
import {TestFamily} from '../terms/test-family.js';
import {typed} from '../text/typed.js';
import {hasRecord, readRecord} from './files.js';

/** The records of the ladder, each read once, when it is first asked for. */
export class LadderRecords {
	readonly #known = new Map<string, Recorded>();

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

		const read = recorded(readRecord(folder));
		this.#known.set(name, read);
		return read;
	}

	/**
	 * What the target and the analysis of a step may speak of; each record is read when it is spoken of. What the claims
	 * test is corrected together.
	 */
	evidence(place: Place): Evidence {
		const {name, from, target, analysis, experiment} = place.step;
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
			get parameters() {
				return summarize(experiment.net).parameters;
			},
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
