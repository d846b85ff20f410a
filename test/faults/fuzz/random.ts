import {createHash} from 'node:crypto';

/** Random numbers that depend only on a name, so that a try can be repeated. */
export class Random {
	readonly #name: string;
	#block = Buffer.alloc(0);
	#at = 0;
	#count = 0;

	constructor(name: string) {
		this.#name = name;
	}

	/** Returns a whole number below `most`. */
	below(most: number): number {
		if (this.#at + 4 > this.#block.length) {
			this.#block = createHash('sha512').update(`${this.#name}/${this.#count}`).digest();
			this.#count += 1;
			this.#at = 0;
		}

		const number = this.#block.readUInt32LE(this.#at);
		this.#at += 4;
		return Math.floor((number / 2 ** 32) * most);
	}

	/** Returns an item of a list. */
	of<Value>(list: readonly Value[]): Value {
		return list[this.below(list.length)] as Value;
	}
}
