import type {TrainEvent} from './events.js';

/**
 * Events on their way from a run to one reader. The run never waits: of several unread batch events in a row the
 * last is kept, so that what is unread stays as small as the number of epochs.
 */
export class EventQueue implements AsyncIterableIterator<TrainEvent> {
	#events: TrainEvent[] = [];
	#ended: {error?: unknown} | undefined;
	#wake: (() => void) | undefined;

	push(event: TrainEvent): void {
		if (this.#ended) {
			return;
		}

		if (event.type === 'batch' && this.#events.at(-1)?.type === 'batch') {
			this.#events.pop();
		}

		this.#events.push(event);
		this.#wake?.();
	}

	/** Lets the reader finish what is there; an error is thrown at its end. */
	end(failure: {error?: unknown} = {}): void {
		this.#ended ??= failure;
		this.#wake?.();
	}

	async next(): Promise<IteratorResult<TrainEvent, undefined>> {
		while (this.#events.length === 0 && !this.#ended) {
			await new Promise<void>(resolve => {
				this.#wake = resolve;
			});
		}

		const event = this.#events.shift();
		if (event) {
			return {value: event, done: false};
		}

		const ended = this.#ended;
		this.#ended = {}; // an error is thrown once
		if (ended && 'error' in ended) {
			throw ended.error;
		}

		return {value: undefined, done: true};
	}

	/** Called when the reader leaves its loop: what is unread, and what still comes, is let go. */
	async return(): Promise<IteratorResult<TrainEvent, undefined>> {
		this.#events = [];
		this.#ended = {};
		return {value: undefined, done: true};
	}

	[Symbol.asyncIterator](): this {
		return this;
	}
}
