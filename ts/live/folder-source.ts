import {formatThrown} from '../format/value.js';
import {type Html, html} from '../report/page/html.js';
import {prose} from '../report/page/parts.js';
import {ProgressReader, progressStamp} from '../sweep/progress-folder.js';
import type {LiveSource} from './live-source.js';
import {runSource} from './run-source.js';
import {SweepState, sweepContent} from './sweep-content.js';

/** The folders that a page shows. */
export type ShownFolders = {
	/** Those of runs. */
	readonly runs: readonly string[];
	/** Those of the progress of sweeps. */
	readonly sweeps: readonly string[];
};

/**
 * Shows runs and sweeps of other processes from their folders alone.
 *
 * @param folders returns the folders, of which there may be more at each call
 */
export const folderSource = (title: string, folders: () => ShownFolders): LiveSource => {
	const runs = runSource(title, () => folders().runs);
	const sections = new Map<string, SweepSection>();
	const sectionOf = (folder: string): SweepSection => {
		const section = sections.get(folder) ?? new SweepSection(folder);
		sections.set(folder, section);
		return section;
	};
	return {
		title,
		version: () => [runs.version(), ...folders().sweeps.map(folder => `${folder} ${progressStamp(folder)}`)].join('\n'),
		async draw(signal) {
			const shown = folders();
			const sweeps = await Promise.all(shown.sweeps.map(async folder => sectionOf(folder).draw()));
			const hasRuns = shown.runs.length > 0 || shown.sweeps.length === 0;
			return html`${sweeps}${hasRuns && (await runs.draw(signal))}`;
		},
	};
};

/** A sweep on the page, as far as its lines were read. */
class SweepSection {
	readonly #reader: ProgressReader;
	#state = new SweepState();

	constructor(folder: string) {
		this.#reader = new ProgressReader(folder);
	}

	async draw(): Promise<Html | false> {
		try {
			const progress = this.#reader.read();
			if (!progress) {
				return false;
			}

			const {title, events, isAnother, isTraining} = progress;
			this.#state = isAnother ? new SweepState() : this.#state;
			for (const event of events) {
				this.#state.tell(event);
			}

			const {last} = this.#state;
			const isFinished = last !== undefined && last.done === last.of;
			const how = isTraining ? 'in training' : isFinished ? 'finished' : 'interrupted';
			return html`<section><h2>Sweep ${title.name} of ${title.step}: ${how}</h2></section>
${await sweepContent(this.#state, isTraining)}`;
		} catch (error) {
			return html`<section><h2>Sweep</h2><p>${prose(`Its progress can’t be read: ${error instanceof Error ? error.message : formatThrown(error)}`)}</p></section>`;
		}
	}
}
