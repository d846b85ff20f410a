import type {FileHandle} from 'node:fs/promises';
import {Readable} from 'node:stream';
import {RandomAccessReader} from 'yauzl';

/** Bytes that are read at a time. */
const piece = 1 << 16;

/** Reads ranges of an open file for yauzl, whose own reader takes a read that comes short for the end of the file. */
export class WheelReader extends RandomAccessReader {
	readonly #file: FileHandle;

	/** @param file stays open: who opened it closes it */
	constructor(file: FileHandle) {
		super();
		this.#file = file;
	}

	override _readStreamForRange(start: number, end: number): Readable {
		return Readable.from(this.#pieces(start, end), {objectMode: false});
	}

	async *#pieces(start: number, end: number): AsyncGenerator<Buffer> {
		for (let at = start; at < end; ) {
			const length = Math.min(piece, end - at);
			const {bytesRead, buffer} = await this.#file.read(Buffer.allocUnsafe(length), 0, length, at);
			if (bytesRead === 0) {
				return;
			}

			at += bytesRead;
			yield buffer.subarray(0, bytesRead);
		}
	}
}
