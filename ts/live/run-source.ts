import {groupBy} from '../statistics/group-by.js';
import {LiveRuns} from './live-run.js';
import type {LiveSource} from './live-source.js';
import {runsContent} from './runs-content.js';
import {surelyWrong, type WrongImage, withoutImages} from './wrong-images.js';

/**
 * Shows runs from their folders alone, so that it makes no difference who trains them, and where.
 *
 * @param folders returns the folders of the runs, of which there may be more at each call
 */
export const runSource = (title: string, folders: () => readonly string[]): LiveSource => {
	const live = new LiveRuns();
	const wrong = new Map<string, readonly WrongImage[] | string>();
	return {
		title,
		version: () =>
			live
				.read(folders())
				.map(({folder, state, epochs}) => `${folder} ${state} ${epochs.length}`)
				.join('\n'),
		async draw(signal) {
			const runs = live.read(folders());
			// of the latest seed of each group that has finished: its model is on disk
			const latest = [...groupBy(runs, ({name}) => name).values()].flatMap(
				group => group.findLast(({state}) => state === 'finished') ?? [],
			);
			for (const run of latest.filter(run => withoutImages(run) === undefined && !wrong.has(run.folder))) {
				wrong.set(run.folder, await surelyWrong(run, signal));
			}

			return runsContent(runs, wrong);
		},
	};
};
