import {formatThrown} from '../format/value.js';
import {type Html, html} from '../report/page/html.js';
import {prose} from '../report/page/parts.js';
import {progressStamp, readProgress} from '../sweep/progress-folder.js';
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
	return {
		title,
		version: () => [runs.version(), ...folders().sweeps.map(folder => `${folder} ${progressStamp(folder)}`)].join('\n'),
		async draw(signal) {
			const shown = folders();
			const sweeps = await Promise.all(shown.sweeps.map(async folder => sweepSection(folder)));
			const hasRuns = shown.runs.length > 0 || shown.sweeps.length === 0;
			return html`${sweeps}${hasRuns && (await runs.draw(signal))}`;
		},
	};
};

const sweepSection = async (folder: string): Promise<Html | false> => {
	try {
		const progress = readProgress(folder);
		if (!progress) {
			return false;
		}

		const state = new SweepState();
		for (const event of progress.events) {
			state.tell(event);
		}

		const {name, step} = progress.title;
		const isFinished = state.last !== undefined && state.last.done === state.last.of;
		const how = progress.isTraining ? 'in training' : isFinished ? 'finished' : 'interrupted';
		return html`<section><h2>Sweep ${name} of ${step}: ${how}</h2></section>
${await sweepContent(state, progress.isTraining)}`;
	} catch (error) {
		return html`<section><h2>Sweep</h2><p>${prose(`Its progress can’t be read: ${error instanceof Error ? error.message : formatThrown(error)}`)}</p></section>`;
	}
};
