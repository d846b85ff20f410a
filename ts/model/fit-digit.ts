import type {DecodedImage} from '../data/decode/decode-image.js';
import {loadSharp} from '../data/decode/sharp.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';

/** A digit brought to the form of MNIST's images. */
export type FittedDigit = {
	/** 28 x 28, light on black. */
	readonly pixels: Uint8Array;
	/** Whether the image has no ink; `pixels` are black then. */
	readonly blank: boolean;
	/** What was done to it, in words. */
	readonly done: readonly string[];
};

/** Height and width of MNIST's images, and of the box in them that a digit is scaled to. */
const [size, box] = [28, 20];
/** Larger images are made smaller first, in pixels. */
const most = 400;

/**
 * Brings an image of one digit to the form of MNIST's (LeCun et al. 1998): ink separated from a background that may be unevenly
 * lit, light on black, cropped, scaled to a box of 20 x 20, its centre of mass in the middle of 28 x 28. The event loop stays
 * free: sharp and the addon work on threads of the pool.
 *
 * @param invert whether the ink is the lighter part for certain (`false`) or the darker (`true`); found out where left out
 */
export const fitDigit = async (image: DecodedImage, invert?: boolean): Promise<FittedDigit> => {
	const {samples, ...shape} = await shrink(image);
	const digit = unwrap(await native().separateDigit(samples, shape.width, shape.height, invert));
	const {found, inverted, pixels, width, height} = digit;
	const done = inverted ? ['dark on light: inverted'] : [];
	switch (found) {
		case 'fitted': {
			return {pixels, blank: false, done: ['taken as it is']};
		}

		case 'blank': {
			return {pixels: new Uint8Array(size * size), blank: true, done};
		}

		case 'ink': {
			const scale = box / Math.max(width, height);
			const [wide, high] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
			const small = await resize(pixels, {width, height}, {width: wide, height: high});
			const words = `cropped to ${width} x ${height}, scaled to ${wide} x ${high}, centred`;
			return {pixels: centred(small, wide, high), blank: false, done: [...done, words]};
		}
	}
};

type Size = {readonly width: number; readonly height: number};

/** Brings an image to sRGB with alpha, at most 400 pixels a side. */
const shrink = async ({samples, width, height, channels}: DecodedImage) => {
	const sharp = await loadSharp();
	const {data, info} = await sharp(samples, {raw: {width, height, channels: channels as 1 | 2 | 3 | 4}})
		.toColourspace('srgb') // in grey, transparency is dropped
		.ensureAlpha()
		.resize(most, most, {fit: 'inside', withoutEnlargement: true})
		.raw({depth: 'uchar'})
		.toBuffer({resolveWithObject: true});
	return {samples: data, width: info.width, height: info.height};
};

const resize = async (pixels: Uint8Array, from: Size, to: Size): Promise<Uint8Array> => {
	const sharp = await loadSharp();
	return sharp(pixels, {raw: {...from, channels: 1}})
		.resize(to.width, to.height, {fit: 'fill', kernel: 'mitchell'})
		.toColourspace('b-w') // or it comes back in three channels
		.raw()
		.toBuffer();
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
