import type {Html} from '../report/page/html.js';

/** What a live page shows. */
export type LiveSource = {
	/** Title of the page. */
	readonly title: string;
	/** Returns a text that changes whenever {@link draw} would draw something else. Cheap: it is called several times a second. */
	readonly version: () => string;
	/** Draws the page's content. */
	readonly draw: (signal: AbortSignal) => Promise<Html>;
};
