/** What someone who waits for a fetch is told. */
export type FetchEvent =
	| {readonly type: 'line'; readonly line: string}
	| {
			readonly type: 'progress';
			/** What is being fetched. */
			readonly what: string;
			/** Bytes that are there. */
			readonly done: number;
			/** Bytes of the whole; nothing where the server does not say. */
			readonly total: number | undefined;
	  };

/** How a fetch is watched and ended. */
export type FetchOptions = {
	/** @default nobody is told */
	readonly tell?: ((event: FetchEvent) => void) | undefined;
	readonly signal?: AbortSignal | undefined;
};
