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

type IdxSet = {readonly images: Uint8Array; readonly labels: Uint8Array};

/** Writes two IDX files a set of images of a shape: height and width, or channels before them. */
export const writeIdxFiles = (folder: string, shape: number[], sets: {train?: IdxSet; test: IdxSet}): void => {
	for (const [set, {images, labels}] of Object.entries(sets)) {
		const prefix = set === 'test' ? 't10k' : set;
		const name = `${prefix}-images-idx${shape.length + 1}-ubyte`;
		writeFileSync(path.join(folder, name), idx(2049 + shape.length, [labels.length, ...shape], images));
		writeFileSync(path.join(folder, `${prefix}-labels-idx1-ubyte`), idx(2049, [labels.length], labels));
	}
};

export type Drawing = (image: number, row: number, column: number) => number;

/** Draws a bar whose height depends on the label of an image, `image % 10`. */
export const bar: Drawing = (image, row) => (Math.abs(row - 4 - 2 * (image % 10)) < 2 ? 200 : (image * 7 + row) % 40);

/** Writes four IDX files of 28 x 28 images into a folder. */
export const writeIdx = (folder: string, train: number, test: number, draw: Drawing = bar): void => {
	const set = (count: number): IdxSet => ({
		images: Uint8Array.from({length: count * 784}, (_, pixel) =>
			draw(Math.floor(pixel / 784), Math.floor((pixel % 784) / 28), pixel % 28),
		),
		labels: Uint8Array.from({length: count}, (_, image) => image % 10),
	});
	writeIdxFiles(folder, [28, 28], {train: set(train), test: set(test)});
};
