import {writeFileSync} from 'node:fs';
import path from 'node:path';

const idx = (magic: number, dimensions: number[], body: Uint8Array): Buffer => {
	const header = Buffer.alloc(4 + 4 * dimensions.length);
	header.writeUInt32BE(magic, 0);
	for (const [index, dimension] of dimensions.entries()) {
		header.writeUInt32BE(dimension, 4 + 4 * index);
	}

	return Buffer.concat([header, body]);
};

export type Drawing = (image: number, row: number, column: number) => number;

/** A bar whose height tells the label of an image, `image % 10`. */
export const bar: Drawing = (image, row) => (Math.abs(row - 4 - 2 * (image % 10)) < 2 ? 200 : (image * 7 + row) % 40);

/** Writes four IDX files of 28 x 28 images into a folder. */
export const writeIdx = (folder: string, train: number, test: number, draw: Drawing = bar): void => {
	for (const [prefix, count] of [
		['train', train],
		['t10k', test],
	] as const) {
		const pixels = Uint8Array.from({length: count * 784}, (_, pixel) =>
			draw(Math.floor(pixel / 784), Math.floor((pixel % 784) / 28), pixel % 28),
		);
		const labels = Uint8Array.from({length: count}, (_, image) => image % 10);
		writeFileSync(path.join(folder, `${prefix}-images-idx3-ubyte`), idx(2051, [count, 28, 28], pixels));
		writeFileSync(path.join(folder, `${prefix}-labels-idx1-ubyte`), idx(2049, [count], labels));
	}
};
