import {closeSync, fsyncSync, ftruncateSync, openSync, statSync, writeFileSync, writeSync} from 'node:fs';
import path from 'node:path';
import type {ImageShape} from './decode/prepare-image.js';

/** The pairs of IDX files, by the beginning of MNIST's names. */
export type IdxSet = 'train' | 't10k';

/** Writes images and labels to two IDX files, one image after the other, so that memory does not grow with the images. */
export class IdxWriter {
	readonly #images: number;
	readonly #labelsFile: string;
	readonly #labels: number[];
	readonly #shape: readonly number[];
	#end: number;
	#isOpen = true;

	/** @param labels of images that an interrupted writer left in the file, which are kept */
	constructor(folder: string, set: IdxSet, shape: ImageShape, labels: readonly number[] = []) {
		this.#shape = dimensionsOf(shape);
		this.#images = openSync(imagesFile(folder, set, shape), labels.length > 0 ? 'r+' : 'w');
		this.#labelsFile = path.join(folder, `${set}-labels-idx1-ubyte`);
		this.#labels = [...labels];
		this.#end = endOf(shape, labels.length);
		writeAll(this.#images, idxHeader(0, ...this.#shape), 0); // the count is known at the end
		ftruncateSync(this.#images, this.#end);
	}

	/** Returns whether a file has at least so many images, which {@link sync} brought to disk. */
	static has(folder: string, set: IdxSet, shape: ImageShape, count: number): boolean {
		const found = statSync(imagesFile(folder, set, shape), {throwIfNoEntry: false});
		return found?.isFile() === true && found.size >= endOf(shape, count);
	}

	/** @param pixels `channels * size * size` bytes */
	add(pixels: Uint8Array, label: number): void {
		writeAll(this.#images, pixels, this.#end);
		this.#end += pixels.length;
		this.#labels.push(label);
	}

	/** Brings the images so far to disk. */
	sync(): void {
		fsyncSync(this.#images);
	}

	/** Completes both files, brings them to disk, and returns the labels. */
	finish(): number[] {
		const count = this.#labels.length;
		writeAll(this.#images, idxHeader(count, ...this.#shape), 0);
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
const writeAll = (file: number, bytes: Uint8Array, place: number): void => {
	for (let done = 0; done < bytes.length; ) {
		done += writeSync(file, bytes, done, undefined, place + done);
	}
};

const dimensionsOf = ({channels, size}: ImageShape): readonly number[] =>
	channels === 1 ? [size, size] : [channels, size, size];

const imagesFile = (folder: string, set: IdxSet, shape: ImageShape): string =>
	path.join(folder, `${set}-images-idx${dimensionsOf(shape).length + 1}-ubyte`);

/** Where the last of so many images ends. */
const endOf = (shape: ImageShape, count: number): number =>
	idxHeader(0, ...dimensionsOf(shape)).length + count * shape.channels * shape.size ** 2;

/** The header of a file of bytes: a magic number, then the dimensions as big-endian u32. */
const idxHeader = (...dimensions: readonly number[]): Buffer => {
	const bytes = Buffer.alloc(4 + 4 * dimensions.length);
	for (const [index, word] of [0x0800 + dimensions.length, ...dimensions].entries()) {
		bytes.writeUInt32BE(word, 4 * index);
	}

	return bytes;
};
