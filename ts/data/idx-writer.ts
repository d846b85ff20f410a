import {closeSync, fsyncSync, openSync, writeFileSync, writeSync} from 'node:fs';
import path from 'node:path';
import type {ImageShape} from './decode/prepare-image.js';

/** Writes images and labels to two IDX files, one image after the other, so that memory does not grow with their number. */
export class IdxWriter {
	readonly #images: number;
	readonly #labelsFile: string;
	readonly #labels: number[] = [];
	readonly #shape: readonly number[];
	#isOpen = true;

	/** @param set `train` or `t10k`, as MNIST's files are named */
	constructor(folder: string, set: 'train' | 't10k', {channels, size}: ImageShape) {
		this.#shape = channels === 1 ? [size, size] : [channels, size, size];
		this.#images = openSync(path.join(folder, `${set}-images-idx${this.#shape.length + 1}-ubyte`), 'w');
		this.#labelsFile = path.join(folder, `${set}-labels-idx1-ubyte`);
		writeAll(this.#images, idxHeader(0, ...this.#shape)); // the count is known at the end
	}

	/** @param pixels `channels * size * size` bytes */
	add(pixels: Uint8Array, label: number): void {
		writeAll(this.#images, pixels);
		this.#labels.push(label);
	}

	/** Completes both files, brings them to disk, and returns the labels. */
	finish(): number[] {
		const count = this.#labels.length;
		writeSync(this.#images, idxHeader(count, ...this.#shape), 0, undefined, 0);
		fsyncSync(this.#images);
		const labels = Buffer.concat([idxHeader(count), Uint8Array.from(this.#labels)]);
		writeFileSync(this.#labelsFile, labels, {flush: true});
		return this.#labels;
	}

	/** Closes the file of images. */
	close(): void {
		if (this.#isOpen) {
			this.#isOpen = false;
			closeSync(this.#images);
		}
	}
}

/** A call may write less than all: at most 2 GiB, or what the disk has room for. */
const writeAll = (file: number, bytes: Uint8Array): void => {
	for (let done = 0; done < bytes.length; ) {
		done += writeSync(file, bytes, done);
	}
};

/** The header of a file of bytes: a magic number, then the dimensions as big-endian u32. */
const idxHeader = (...dimensions: readonly number[]): Buffer => {
	const bytes = Buffer.alloc(4 + 4 * dimensions.length);
	for (const [index, word] of [0x0800 + dimensions.length, ...dimensions].entries()) {
		bytes.writeUInt32BE(word, 4 * index);
	}

	return bytes;
};
