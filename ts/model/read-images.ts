import {readFileSync} from 'node:fs';
import {decode} from 'fast-png';
import {ImageError} from '../errors/index.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {fitSquare, type GreyImage} from './fit-square.js';

/** An image as a model takes it, with the name to show it by. */
export type ModelImage = {readonly name: string; readonly pixels: Uint8Array};

/** `t10k-images-idx3-ubyte:3`, `t10k-images-idx3-ubyte.gz:0-9`, or without rows for all of them */
const idxName = /^(?<file>.*idx3-ubyte(?:\.gz)?)(?::(?<first>\d+)(?:-(?<last>\d+))?)?$/;

/**
 * Reads what a person named: a PNG of any size, or rows of an IDX file.
 *
 * @param size height and width that the model takes
 * @param invert for dark on light: MNIST's digits are light on dark
 * @throws {ImageError} or {DataError} naming the file
 */
export const readImages = (name: string, size: number, invert: boolean): ModelImage[] => {
	const {file, first, last} = idxName.exec(name)?.groups ?? {};
	if (!file) {
		return [{name, pixels: inverted(fitSquare(readPng(name, invert), size), invert)}];
	}

	const images = unwrap(native().readIdxImages(file));
	const from = Number(first ?? 0);
	const to = first === undefined ? images.count - 1 : Number(last ?? first);
	if (from > to || to >= images.count) {
		throw new ImageError(`${name}: expected rows from 0 to ${images.count - 1}, got ${from} to ${to}`, file);
	}

	return Array.from({length: to - from + 1}, (_, index) => {
		const {rows, columns} = images;
		const start = (from + index) * rows * columns;
		const values = Float64Array.from(images.pixels.subarray(start, start + rows * columns));
		const grey = {width: columns, height: rows, values, background: 0};
		return {name: `${file}:${from + index}`, pixels: inverted(fitSquare(grey, size), invert)};
	});
};

const readPng = (file: string, invert: boolean): GreyImage => {
	const background = invert ? 255 : 0;
	try {
		const {width, height, data, channels, depth, palette} = decode(readFileSync(file));
		const most = 2 ** depth - 1;
		const values = new Float64Array(width * height);
		for (let pixel = 0; pixel < values.length; pixel += 1) {
			const sample = (channel: number): number => ((data[pixel * channels + channel] ?? 0) * 255) / most;
			let colour: readonly number[] = Array.from({length: channels}, (_, channel) => sample(channel));
			if (palette) {
				colour = palette[data[pixel] ?? 0] ?? [];
			}

			values[pixel] = luma(colour, background);
		}

		return {width, height, values, background};
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new ImageError(
			`${file}: expected a PNG, or rows of an IDX file such as FILE-idx3-ubyte:0-9 (${reason})`,
			file,
		);
	}
};

/** Grey of a colour of 1 to 4 channels, by the weights of ITU-R BT.601; transparency shows the background. */
const luma = (colour: readonly number[], background: number): number => {
	const hasAlpha = colour.length === 2 || colour.length === 4;
	const [red = 0, green = red, blue = red] = hasAlpha ? colour.slice(0, -1) : colour;
	const alpha = hasAlpha ? (colour.at(-1) ?? 255) / 255 : 1;
	return alpha * (0.299 * red + 0.587 * green + 0.114 * blue) + (1 - alpha) * background;
};

const inverted = (pixels: Uint8Array, invert: boolean): Uint8Array =>
	invert ? pixels.map(value => 255 - value) : pixels;
