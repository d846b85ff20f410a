import {ImageError} from '../errors/index.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import type {ModelInput, PredictOptions, UnreadImage} from './read-image.js';

/** `t10k-images-idx3-ubyte:3`, `t10k-images-idx3-ubyte.gz:0-9`, or without rows for all of them */
const idxName = /^(?<file>.*idx[34]-ubyte(?:\.gz)?)(?::(?<first>\d+)(?:-(?<last>\d+))?)?$/s;

/** Whether a name stands for rows of an IDX file. */
export const isIdxName = (name: string): boolean => idxName.test(name);

/** Lists rows of an IDX file, which are taken as they are. A name that stands for none is one image that can't be read. */
export async function* idxRows(
	name: string,
	model: ModelInput,
	{invert = false}: PredictOptions,
): AsyncGenerator<UnreadImage, void> {
	const {file = name, first, last} = idxName.exec(name)?.groups ?? {};
	try {
		const {count, pixels} = await readFor(model, file);
		const from = Number(first ?? 0);
		const to = first === undefined ? count - 1 : Number(last ?? first);
		if (from > to || to >= count) {
			throw new ImageError(`${name}: expected rows from 0 to ${count - 1}, got ${from} to ${to}`, file);
		}

		const length = model.channels * model.size ** 2;
		for (let row = from; row <= to; row += 1) {
			const image = pixels.subarray(row * length, (row + 1) * length);
			yield {
				image: `${file}:${row}`,
				read: async () => ({
					pixels: invert ? image.map(value => 255 - value) : image,
					...{blank: false, done: invert ? ['inverted'] : []},
				}),
			};
		}
	} catch (error) {
		yield {
			image: name,
			async read() {
				throw error;
			},
		};
	}
}

/** @throws {ImageError} for images of another size, and {DataError} for a file that is damaged */
const readFor = async ({channels, size}: ModelInput, file: string) => {
	const images = unwrap(await native().readIdxImages(file));
	const {rows, columns} = images;
	if (images.channels !== channels || rows !== size || columns !== size) {
		const got = `${images.channels} x ${rows} x ${columns}`;
		throw new ImageError(
			`${file}: expected images of ${channels} x ${size} x ${size}, which the model takes, got ${got}`,
			file,
		);
	}

	return images;
};
