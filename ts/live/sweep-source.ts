import type {SweepEvent} from '../sweep/sweep-event.js';
import type {LiveSource} from './live-source.js';
import {SweepState, sweepContent} from './sweep-content.js';

/** A source that is fed with the events of a sweep. */
export type SweepSource = LiveSource & {readonly tell: (event: SweepEvent) => void};

/** Shows a sweep of this process from its events: the folders of its runs have no figures before a run has finished. */
export const sweepSource = (title: string): SweepSource => {
	const state = new SweepState();
	return {
		title,
		tell: state.tell,
		version: () => String(state.events),
		draw: async () => sweepContent(state),
	};
};
