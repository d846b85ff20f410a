import {RecordError} from '../errors/index.js';
import type {Step} from '../experiment/define-step.js';
import {findPlace, type Place} from '../steps/index.js';
import type {Evidence} from './evidence.js';
import {hasRecord, readRecord} from './files.js';
import {recordFolder} from './project.js';
import {type Recorded, recorded} from './recorded.js';

/** The records of the ladder, each read once, when it is first asked for. */
export class LadderRecords {
	readonly #known = new Map<string, Recorded>();

	/** Whether a step has been recorded. */
	has(step: Step): boolean {
		return hasRecord(recordFolder(findPlace(step.name)));
	}

	/**
	 * The record of a step.
	 *
	 * @throws {RecordError} where it is missing or damaged
	 */
	of(place: Place): Recorded {
		const {name, target} = place.step;
		const known = this.#known.get(name);
		if (known) {
			return known;
		}

		const folder = recordFolder(place);
		if (!hasRecord(folder)) {
			throw new RecordError(folder, `\`${name}\` has not been recorded; try: npm run record -- --step ${name}`);
		}

		const read = recorded(readRecord(folder), target);
		this.#known.set(name, read);
		return read;
	}

	/** What the target and the analysis of a step may speak of; each record is read when it is spoken of. */
	evidence(place: Place): Evidence {
		const step = (name: string): Recorded => this.of(findPlace(name));
		const {name, from} = place.step;
		return {
			get self() {
				return step(name);
			},
			get from() {
				if (!from) {
					throw new RecordError(place.base, 'the first step grew from none, so that nothing can be said of `from`');
				}

				return step(from.name);
			},
			step,
		};
	}
}
