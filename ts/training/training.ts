/// <reference lib="esnext.disposable" preserve="true" />
import type {AbortError} from '../errors/index.js';
import type {TrainEvent, TrainResult} from '../runs/events.js';

/**
 * Training in progress: an async iterator of its events, for one reader, and a promise of its result. It continues whether or
 * not its events are read; leaving the loop early drops the unread ones.
 * `await using training = train(...)` stops it at the end of the block.
 */
export type Training = AsyncIterableIterator<TrainEvent, undefined> & {
	readonly result: Promise<TrainResult>;
	/** Stops the training within a batch: the iterator and `result` then throw an {@link AbortError}. */
	readonly abort: (reason?: unknown) => void;
	/** Stops the training if it is running, and waits until it has ended. */
	readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** Starts work that emits events until its result is known, or the signal aborts. */
export const startTraining = (
	work: (emit: (event: TrainEvent) => void, signal: AbortSignal) => Promise<TrainResult>,
): Training => {
	const events = new EventQueue();
	const aborting = new AbortController();
	const result = work(event => events.push(event), aborting.signal);
	result.then(
		() => events.end(),
		(error: unknown) => events.end({error}), // also handles the rejection, for a caller who only iterates
	);
	return {
		result,
		next: async () => events.next(),
		return: async () => events.return(),
		abort(reason) {
			aborting.abort(reason);
		},
		[Symbol.asyncIterator]() {
			return this;
		},
		async [Symbol.asyncDispose]() {
			aborting.abort();
			await result.catch(() => {});
		},
	};
};

type Result = IteratorResult<TrainEvent, undefined>;
type Waiter = {readonly resolve: (result: Result) => void; readonly reject: (error: unknown) => void};

const done: Result = {value: undefined, done: true};

/**
 * Events from a run to one reader. The run never waits: of several unread batch events in a row the last is kept, so that the
 * number of unread events is bounded by the number of epochs. Several calls of `next` are answered in order.
 */
class EventQueue {
	#events: TrainEvent[] = [];
	readonly #waiting: Waiter[] = [];
	#ended: {error?: unknown} | undefined;

	push(event: TrainEvent): void {
		if (this.#ended) {
			return;
		}

		const waiter = this.#waiting.shift();
		if (waiter) {
			waiter.resolve({value: event, done: false});
			return;
		}

		if (event.type === 'batch' && this.#events.at(-1)?.type === 'batch') {
			this.#events.pop();
		}

		this.#events.push(event);
	}

	/** Ends the queue after its unread events; an error is thrown there, once. */
	end(failure: {error?: unknown} = {}): void {
		this.#ended ??= failure;
		for (const waiter of this.#waiting.splice(0)) {
			this.#settle(waiter);
		}
	}

	async next(): Promise<Result> {
		const event = this.#events.shift();
		if (event) {
			return {value: event, done: false};
		}

		return new Promise((resolve, reject) => {
			if (this.#ended) {
				this.#settle({resolve, reject});
			} else {
				this.#waiting.push({resolve, reject});
			}
		});
	}

	/** Drops unread and further events; called when the reader leaves its loop. */
	async return(): Promise<Result> {
		this.#events = [];
		this.#ended = {};
		this.end();
		return done;
	}

	#settle({resolve, reject}: Waiter): void {
		const failure = this.#ended ?? {};
		this.#ended = {};
		if ('error' in failure) {
			reject(failure.error);
		} else {
			resolve(done);
		}
	}
}
