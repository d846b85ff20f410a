import type {FileHandle} from 'node:fs/promises';
import {Readable} from 'node:stream';
import {RandomAccessReader} from 'yauzl';

/** The size of a read, in bytes. */
const piece = 1 << 16;

/** Reads an open file for yauzl, whose own reader takes a short read for the end of the file. */
export class WheelReader extends RandomAccessReader {
	readonly #file: FileHandle;

	/** @param file closed by the caller */
	constructor(file: FileHandle) {
		super();
		this.#file = file;
	}

	override read(
		buffer: Buffer,
		offset: number,
		length: number,
		position: number,
		callback: (error: Error | null) => void,
	): void {
		this.#fill(buffer.subarray(offset, offset + length), position).then(() => callback(null), callback);
	}

	override createReadStream({start, end}: {start: number; end: number}): Readable {
		return Readable.from(this.#pieces(start, end), {objectMode: false});
	}

	async *#pieces(start: number, end: number): AsyncGenerator<Buffer> {
		for (let at = start; at < end; at += piece) {
			const bytes = Buffer.allocUnsafe(Math.min(piece, end - at));
			await this.#fill(bytes, at);
			yield bytes;
		}
	}

	/** @throws {Error} without a `syscall`, so that it counts as a damaged wheel and not as an error of the cache */
	async #fill(bytes: Buffer, position: number): Promise<void> {
		for (let filled = 0; filled < bytes.length; ) {
			const {bytesRead} = await this.#file
				.read(bytes, filled, bytes.length - filled, position + filled)
				.catch((error: Error) => {
					throw new Error(error.message, {cause: error});
				});
			if (bytesRead === 0) {
				throw new Error('it ends too early');
			}

			filled += bytesRead;
		}
	}
}
