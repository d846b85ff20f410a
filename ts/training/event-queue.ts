import type {TrainEvent} from '../runs/events.js';

type Result = IteratorResult<TrainEvent, undefined>;
type Waiter = {readonly resolve: (result: Result) => void; readonly reject: (error: unknown) => void};

const done: Result = {value: undefined, done: true};

/**
 * Events on their way from a run to one reader. The run never waits: of several unread batch events in a row the
 * last is kept, so that what is unread stays as small as the number of epochs. Whoever asks before there is anything
 * waits in turn.
 */
export class EventQueue {
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

	/** Lets the reader finish what is there; an error is thrown at its end, once. */
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

	/** Called when the reader leaves its loop: what is unread, and what still comes, is dropped. */
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
