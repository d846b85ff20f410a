import type {DecodedImage} from '../data/decode/decode-image.js';
import {loadSharp} from '../data/decode/sharp.js';

/** A digit brought to the form of MNIST's images. */
export type FittedDigit = {
	/** 28 x 28, light on black. */
	readonly pixels: Uint8Array;
	/** Whether there is nothing on the image; `pixels` are black then. */
	readonly blank: boolean;
	/** What was done to it, in words. */
	readonly done: readonly string[];
};

/** Height and width of MNIST's images, and of the box in them that a digit is scaled to. */
const [size, box] = [28, 20];
/** Larger images are made smaller first, in pixels. */
const most = 400;
/** Ink that differs less than this from its background, in grey levels of 255, is none. */
const faint = 25;
/** Parts below this share of the largest are specks. */
const speck = 0.04;

/** Grey levels of an image, row by row. */
type Grey = {readonly data: Float32Array; readonly width: number; readonly height: number};

/**
 * Brings an image of one digit to the form of MNIST's (LeCun et al. 1998): ink separated from a background that may be unevenly
 * lit, light on black, cropped, scaled to a box of 20 x 20, its centre of mass in the middle of 28 x 28.
 *
 * @param invert whether the ink is the lighter part for certain (`false`) or the darker (`true`); found out where left out
 */
export const fitDigit = async (image: DecodedImage, invert?: boolean): Promise<FittedDigit> => {
	const grey = await greyOf(image);
	if (invert !== true && isFitted(grey)) {
		return {pixels: Uint8Array.from(grey.data, Math.round), blank: false, done: ['taken as it is']};
	}

	const isDark = invert ?? isDarkOnLight(grey);
	const ink = inkOf(grey, isDark);
	const done = [...(isDark ? ['dark on light: inverted'] : [])];
	const peak = quantile(ink.data, 0.999);
	if (peak < faint) {
		return {pixels: new Uint8Array(size * size), blank: true, done};
	}

	const threshold = Math.max(otsu(ink.data, peak), faint / 2);
	const part = boundsOf(ink, threshold);
	const {left, top, right, bottom} = part.bounds;
	const [width, height] = [right - left + 1, bottom - top + 1];
	const scale = box / Math.max(width, height);
	const [wide, high] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
	const cut = new Uint8Array(width * height);
	for (let y = 0; y < height; y += 1) {
		for (let x = 0; x < width; x += 1) {
			const at = (top + y) * ink.width + left + x;
			// from half of the threshold to half above it: the edge of a stroke keeps its shades, and paper has none
			const level = ((ink.data[at] ?? 0) - threshold / 2) / threshold;
			cut[y * width + x] = part.kept[at] ? 255 * Math.min(1, Math.max(0, level)) : 0;
		}
	}

	const sharp = await loadSharp();
	const small = await sharp(cut, {raw: {width, height, channels: 1}})
		.resize(wide, high, {fit: 'fill', kernel: 'mitchell'})
		.toColourspace('b-w') // or it comes back in three channels
		.raw()
		.toBuffer();
	done.push(`cropped to ${width} x ${height}, scaled to ${wide} x ${high}, centred`);
	return {pixels: centred(small, wide, high), blank: false, done};
};

/** Whether an image has MNIST's form already: the size, with ink on it and a black edge. */
const isFitted = (grey: Grey): boolean =>
	grey.width === size &&
	grey.height === size &&
	edgeOf(grey).every(value => value === 0) &&
	quantile(grey.data, 1) >= 128;

/** What is transparent is taken for paper: light beside dark ink, dark beside light. */
const greyOf = async ({samples, width: wide, height: high, channels}: DecodedImage): Promise<Grey> => {
	const sharp = await loadSharp();
	const raw = {width: wide, height: high, channels: channels as 1 | 2 | 3 | 4};
	const {data, info} = await sharp(samples, {raw})
		.toColourspace('srgb') // in grey, transparency is dropped
		.ensureAlpha()
		.resize(most, most, {fit: 'inside', withoutEnlargement: true})
		.raw({depth: 'uchar'})
		.toBuffer({resolveWithObject: true});
	const {width, height} = info;
	const area = width * height;
	const [value, alpha] = [new Float32Array(area), new Float32Array(area)];
	let [sum, weight] = [0, 0];
	for (let pixel = 0; pixel < area; pixel += 1) {
		const [red = 0, green = 0, blue = 0, opaque = 255] = data.subarray(4 * pixel, 4 * pixel + 4);
		value[pixel] = 0.299 * red + 0.587 * green + 0.114 * blue;
		alpha[pixel] = opaque / 255;
		sum += (value[pixel] ?? 0) * (alpha[pixel] ?? 0);
		weight += alpha[pixel] ?? 0;
	}

	const paper = sum < 127.5 * weight ? 255 : 0;
	return {width, height, data: value.map((level, pixel) => paper + (level - paper) * (alpha[pixel] ?? 1))};
};

/** The outermost pixels. */
const edgeOf = ({data, width, height}: Grey): Float32Array =>
	data.filter((_, pixel) => {
		const [x, y] = [pixel % width, Math.floor(pixel / width)];
		return x === 0 || y === 0 || x === width - 1 || y === height - 1;
	});

/** Whether what lies at the edges is nearer to the lightest than to the darkest. */
const isDarkOnLight = (grey: Grey): boolean => {
	const {data} = grey;
	const paper = quantile(edgeOf(grey), 0.5);
	return paper - quantile(data, 0.002) > quantile(data, 0.998) - paper; // a digit in a corner is not much of it
};

/** How far each pixel is from its background, which is a smooth surface through all that is no ink. */
const inkOf = ({data, width, height}: Grey, isDark: boolean): Grey => {
	const terms = (pixel: number): number[] => {
		const [x, y] = [(2 * (pixel % width)) / width - 1, (2 * Math.floor(pixel / width)) / height - 1];
		return [1, x, y, x * x, x * y, y * y];
	};
	const sign = isDark ? -1 : 1;
	const step = Math.max(1, Math.floor(Math.sqrt(data.length / 2500)));
	const sample = [...data.keys()].filter(
		pixel => (pixel % width) % step === 0 && Math.floor(pixel / width) % step === 0,
	);
	// Paper alone, to begin with: what is on the paper's side of the middle
	const middle = quantile(data, 0.5);
	let surface = [middle, 0, 0, 0, 0, 0];
	const above = (pixel: number): number =>
		sign * ((data[pixel] ?? 0) - terms(pixel).reduce((sum, term, index) => sum + term * (surface[index] ?? 0), 0));
	for (let round = 0; round < 8; round += 1) {
		const spread = quantile(
			Float32Array.from(sample, pixel => Math.abs(above(pixel))),
			0.5,
		);
		const paper = sample.filter(pixel => above(pixel) <= Math.max(8, 2 * spread));
		surface =
			leastSquares(
				paper.map(terms),
				paper.map(pixel => data[pixel] ?? 0),
			) ?? surface;
	}

	return {width, height, data: data.map((_, pixel) => Math.max(0, above(pixel)))};
};

/** Returns the least-squares coefficients, by the normal equations; `undefined` if they are not determined. */
const leastSquares = (rows: readonly number[][], values: readonly number[]): number[] | undefined => {
	const count = rows[0]?.length ?? 0;
	const matrix = Array.from({length: count}, () => new Float64Array(count + 1));
	for (const [index, row] of rows.entries()) {
		for (const [i, line] of matrix.entries()) {
			for (let j = 0; j <= count; j += 1) {
				line[j] = (line[j] ?? 0) + (row[i] ?? 0) * (j === count ? (values[index] ?? 0) : (row[j] ?? 0));
			}
		}
	}

	for (const [i, line] of matrix.entries()) {
		const pivot = line[i] ?? 0;
		if (Math.abs(pivot) < 1e-6) {
			return undefined;
		}

		for (const [other, row] of matrix.entries()) {
			const factor = other === i ? 0 : (row[i] ?? 0) / pivot;
			for (let j = i; j <= count && factor !== 0; j += 1) {
				row[j] = (row[j] ?? 0) - factor * (line[j] ?? 0);
			}
		}
	}

	return count === 0 ? undefined : matrix.map((line, i) => (line[count] ?? 0) / (line[i] ?? 1));
};

/** The level between ink and paper that splits their shades best (Otsu 1979). */
const otsu = (data: Float32Array, peak: number): number => {
	const bins = new Float64Array(64);
	const binOf = (value: number): number => Math.min(63, Math.floor((64 * value) / peak));
	for (const value of data) {
		const bin = binOf(value);
		bins[bin] = (bins[bin] ?? 0) + 1;
	}

	const total = bins.reduce((sum, count, bin) => sum + count * bin, 0);
	let [below, sumBelow, best, at] = [0, 0, -1, 0];
	for (const [bin, count] of bins.entries()) {
		below += count;
		sumBelow += count * bin;
		const rest = data.length - below;
		if (below === 0 || rest === 0) {
			continue;
		}

		const between = below * rest * (sumBelow / below - (total - sumBelow) / rest) ** 2;
		if (between > best) {
			[best, at] = [between, bin];
		}
	}

	return ((at + 1) * peak) / 64;
};

type Bounds = {left: number; top: number; right: number; bottom: number};

/** Which pixels belong to the digit, specks left out, and the box around them. */
const boundsOf = ({data, width, height}: Grey, threshold: number): {kept: Uint8Array; bounds: Bounds} => {
	const parts: number[][] = [];
	const seen = new Uint8Array(data.length);
	for (const start of data.keys()) {
		// down to half of the threshold, where a stroke's edge fades
		if (seen[start] || (data[start] ?? 0) < threshold / 2) {
			continue;
		}

		const part = [start];
		seen[start] = 1;
		for (let next = 0; next < part.length; next += 1) {
			const [x, y] = [(part[next] ?? 0) % width, Math.floor((part[next] ?? 0) / width)];
			for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v += 1) {
				for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u += 1) {
					const at = v * width + u;
					if (!seen[at] && (data[at] ?? 0) >= threshold / 2) {
						seen[at] = 1;
						part.push(at);
					}
				}
			}
		}

		parts.push(part);
	}

	const weightOf = (part: readonly number[]): number => part.reduce((sum, pixel) => sum + (data[pixel] ?? 0), 0);
	const heaviest = Math.max(...parts.map(weightOf));
	const kept = new Uint8Array(data.length);
	const bounds: Bounds = {left: width, top: height, right: 0, bottom: 0};
	for (const pixel of parts.filter(part => weightOf(part) >= speck * heaviest).flat()) {
		const [x, y] = [pixel % width, Math.floor(pixel / width)];
		kept[pixel] = 1;
		[bounds.left, bounds.right] = [Math.min(bounds.left, x), Math.max(bounds.right, x)];
		[bounds.top, bounds.bottom] = [Math.min(bounds.top, y), Math.max(bounds.bottom, y)];
	}

	return {kept, bounds};
};

/** The digit with its centre of mass in the middle, its strongest stroke at 255. */
const centred = (digit: Uint8Array, width: number, height: number): Uint8Array => {
	let [mass, massX, massY, peak] = [0, 0, 0, 1];
	for (const [pixel, value] of digit.entries()) {
		mass += value;
		massX += value * ((pixel % width) + 0.5);
		massY += value * (Math.floor(pixel / width) + 0.5);
		peak = Math.max(peak, value);
	}

	const offset = (middle: number, length: number): number =>
		Math.min(size - length, Math.max(0, Math.round(size / 2 - middle)));
	const [left, top] = [offset(massX / mass, width), offset(massY / mass, height)];
	const pixels = new Uint8Array(size * size);
	for (const [pixel, value] of digit.entries()) {
		pixels[(top + Math.floor(pixel / width)) * size + left + (pixel % width)] = Math.round((255 * value) / peak);
	}

	return pixels;
};

/** The value that a share of all is at most. */
const quantile = (data: Float32Array, share: number): number => {
	const sorted = data.toSorted();
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
};
