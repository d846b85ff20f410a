import {native} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {decodeImage, uprightSteps} from './decode-image.js';
import type {Preparation} from './preparation.js';
import {
	describeSteps,
	type ImageShape,
	inverted,
	measureBrightness,
	preparationSteps,
	prepareImage,
} from './prepare-image.js';

/** An image file as a net takes it. */
export type PreparedFile = {
	/** `channels * size * size` bytes, channel by channel and row by row. */
	readonly pixels: Uint8Array;
	/** What is unusual about the file, in words; the image was decoded all the same. */
	readonly warnings: readonly string[];
	/** What was done to the image, in words. */
	readonly done: readonly string[];
	/** The largest colour sample of a 16-bit image, as a share of white; `undefined` for other images. */
	readonly brightest: number | undefined;
};

/**
 * Decodes an image file and brings it to the square that a net takes. A plain JPEG is decoded by the addon, every other file by
 * sharp.
 *
 * @param image a path, or the bytes of a file
 * @throws {Error} if it is no image, damaged, or too large
 * @throws {LoadError} if there is no sharp for this platform
 */
export const prepareFile = async (
	image: string | Uint8Array,
	shape: ImageShape,
	preparation: Preparation,
	invert = false,
): Promise<PreparedFile> => {
	const [plain] = await preparePlainJpegs([image], shape, preparation, invert);
	return plain ?? prepareOtherFile(image, shape, preparation, invert);
};

/**
 * Prepares the first of several files, in one trip to a thread of the pool.
 *
 * @returns an element for each file that was looked at, at least one if there are files: `undefined` for a file that is no plain
 * JPEG, or can't be read
 */
export const preparePlainJpegs = async (
	files: ReadonlyArray<string | Uint8Array>,
	shape: ImageShape,
	preparation: Preparation,
	invert = false,
): Promise<Array<PreparedFile | undefined>> => {
	const {fit, background} = preparation;
	const under = invert ? inverted([...background]) : [...background];
	const {pixels, images} = unwrap(await native().prepareJpegs(files.map(ownBytes), {...shape, fit, background: under}));
	const length = shape.channels * shape.size ** 2;
	let end = 0;
	return images.map(image => {
		if (!image) {
			return undefined;
		}

		end += length;
		const own = pixels.subarray(end - length, end);
		const decoded = {...image, bits: 8, done: uprightSteps(image.orientation)};
		return {
			pixels: invert ? inverted(own) : own,
			warnings: [],
			done: describeSteps(decoded, false, shape, preparation, invert),
			brightest: undefined,
		};
	});
};

/** Copies bytes: a thread reads them, and their owner may change or transfer them meanwhile. */
const ownBytes = (file: string | Uint8Array): string | Uint8Array =>
	typeof file === 'string' ? file : new Uint8Array(Buffer.from(file.buffer, file.byteOffset, file.byteLength));

/** Prepares a file that is no plain JPEG, as {@link prepareFile} does. */
export const prepareOtherFile = async (
	image: string | Uint8Array,
	shape: ImageShape,
	preparation: Preparation,
	invert = false,
): Promise<PreparedFile> => {
	const decoded = await decodeImage(image);
	const [pixels, done, brightness] = await Promise.all([
		prepareImage(decoded, shape, preparation, invert),
		preparationSteps(decoded, shape, preparation, invert),
		decoded.bits === 16 ? measureBrightness(decoded) : undefined,
	]);
	return {pixels, warnings: decoded.warnings, done, brightest: brightness?.brightest};
};
