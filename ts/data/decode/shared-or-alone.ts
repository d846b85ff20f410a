/** Runs some work at the same time as other work, and some alone. */
export class SharedOrAlone {
	#shared = new Set<Promise<unknown>>();
	#alone: Promise<unknown> = Promise.resolve();

	/** Runs work beside other shared work, once work that runs alone has ended. */
	async shared<Value>(work: () => Promise<Value>): Promise<Value> {
		for (let alone: Promise<unknown> | undefined; alone !== this.#alone; ) {
			alone = this.#alone;
			await alone;
		}

		const running = work();
		this.#shared.add(running);
		try {
			return await running;
		} finally {
			this.#shared.delete(running);
		}
	}

	/** Runs work once all other work has ended, and before any that is asked for later. */
	async alone<Value>(work: () => Promise<Value>): Promise<Value> {
		const running = this.#alone.then(async () => Promise.allSettled(this.#shared)).then(work);
		this.#alone = running.catch(() => {});
		return running;
	}
}
