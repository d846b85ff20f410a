import {existsSync} from 'node:fs';
import {decodeImage, type ImageShape} from '../data/decode.js';
import {ImageError, LoadError} from '../errors/index.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';

/** An image as a model takes it, with the name to show it by. */
export type ModelImage = {readonly name: string; readonly pixels: Uint8Array};

/** `t10k-images-idx3-ubyte:3`, `t10k-images-idx3-ubyte.gz:0-9`, or without rows for all of them */
const idxName = /^(?<file>.*idx[34]-ubyte(?:\.gz)?)(?::(?<first>\d+)(?:-(?<last>\d+))?)?$/;

/**
 * Reads what a person named: an image of any kind and size, or rows of an IDX file.
 *
 * @param shape what the model takes
 * @throws {ImageError} or {DataError} naming the file
 */
export const readImages = async (name: string, shape: ImageShape): Promise<ModelImage[]> => {
	const {file, first, last} = idxName.exec(name)?.groups ?? {};
	return file === undefined
		? [{name, pixels: await readImage(name, shape)}]
		: readRows(name, {file, first, last}, shape);
};

const readImage = async (file: string, shape: ImageShape): Promise<Uint8Array> => {
	try {
		return await decodeImage(file, shape);
	} catch (error) {
		if (error instanceof LoadError) {
			throw error; // not the file's fault
		}

		const reason = existsSync(file)
			? error instanceof Error
				? error.message
				: String(error)
			: 'there is no such file';
		throw new ImageError(
			`${file}: expected a whole PNG, JPEG or the like, or rows of an IDX file such as FILE-idx3-ubyte:0-9 (${reason})`,
			file,
		);
	}
};

type Rows = {readonly file: string; readonly first: string | undefined; readonly last: string | undefined};

const readRows = (
	name: string,
	{file, first, last}: Rows,
	{channels, size, invert = false}: ImageShape,
): ModelImage[] => {
	const images = unwrap(native().readIdxImages(file));
	const {count, rows, columns} = images;
	if (images.channels !== channels || rows !== size || columns !== size) {
		const got = `${images.channels} x ${rows} x ${columns}`;
		throw new ImageError(
			`${file}: expected images of ${channels} x ${size} x ${size}, which the model takes, got ${got}`,
			file,
		);
	}

	const from = Number(first ?? 0);
	const to = first === undefined ? count - 1 : Number(last ?? first);
	if (from > to || to >= count) {
		throw new ImageError(`${name}: expected rows from 0 to ${count - 1}, got ${from} to ${to}`, file);
	}

	const length = channels * size * size;
	return Array.from({length: to - from + 1}, (_, index) => {
		const pixels = Uint8Array.from(images.pixels.subarray((from + index) * length, (from + index + 1) * length));
		return {name: `${file}:${from + index}`, pixels: invert ? pixels.map(value => 255 - value) : pixels};
	});
};
