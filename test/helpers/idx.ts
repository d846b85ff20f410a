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

/** Draws a bar whose height depends on the label of an image, `image % 10`. */
const bar = (image: number, row: number): number =>
	Math.abs(row - 4 - 2 * (image % 10)) < 2 ? 200 : (image * 7 + row) % 40;

/**
 * Writes four IDX files of 28 x 28 images into a folder. All are different, since the last row begins with their numbers;
 * without those they are the images of the samples of version 0.1.0.
 */
export const writeIdx = (folder: string, train: number, test: number, {isNumbered = true} = {}): void => {
	const set = (count: number, first: number): IdxSet => ({
		images: Uint8Array.from({length: count * 784}, (_, pixel) => {
			const [image, row, column] = [Math.floor(pixel / 784), Math.floor((pixel % 784) / 28), pixel % 28];
			return isNumbered && row === 27 && column < 3 ? ((first + image) >> (8 * column)) & 255 : bar(image, row);
		}),
		labels: Uint8Array.from({length: count}, (_, image) => image % 10),
	});
	writeIdxFiles(folder, [28, 28], {train: set(train, 0), test: set(test, train)});
};
