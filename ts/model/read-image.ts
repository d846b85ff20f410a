import {z} from 'zod';
import type {ImageForm} from '../data/data.js';
import {decodeImage} from '../data/decode/decode-image.js';
import {fits, type Preparation, plainPreparation} from '../data/decode/preparation.js';
import {prepareFile} from '../data/decode/prepare-file.js';
import {ConfigError, ImageError, LoadError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {isBytes} from '../validation/is-bytes.js';
import {validate} from '../validation/validate.js';
import {fitDigit} from './fit-digit.js';

const predictFits = ['digits', ...fits] as const;

/** How images are read. */
export type PredictOptions = {
	/**
	 * Whether images are dark on light where the model knows light on dark.
	 *
	 * @default false; of digits in MNIST’s form, as each image looks
	 */
	readonly invert?: boolean;
	/**
	 * `digits` brings one digit to the form of MNIST's images; `whole`, `cover` and `fill` bring an image to a square.
	 *
	 * @default as the images were made that the model learned
	 */
	readonly fit?: (typeof predictFits)[number];
};

/** Schemas of the options of reading images. */
export const predictShape = {
	invert: z.boolean().optional(),
	fit: z.enum(predictFits).optional(),
} satisfies Record<keyof PredictOptions, z.ZodType>;

/** @throws {ConfigError} for options that are unknown or of another type */
export const checkPredictOptions = (options: unknown): void => {
	validate(z.strictObject(predictShape, 'an object'), options, 'options');
};

/** What a model takes. */
export type ModelInput = {
	readonly channels: number;
	readonly size: number;
	readonly form?: ImageForm | undefined;
	readonly preparation?: Preparation | undefined;
};

/** An image as a model takes it. */
export type ReadImage = {readonly pixels: Uint8Array; readonly blank: boolean; readonly done: readonly string[]};

/** An image that is read when it is needed. */
export type UnreadImage = {
	/** A path, a row of an IDX file such as `FILE:3`, or the bytes of a file. */
	readonly image: string | Uint8Array;
	/** @throws {ImageError} or {DataError} naming the file */
	readonly read: () => Promise<ReadImage>;
};

/**
 * Reads an image of any kind and size.
 *
 * @param image a file, or what is in one
 * @throws {ImageError} naming the file
 */
export const readImage = async (
	image: string | Uint8Array,
	{channels, size, form, preparation = plainPreparation}: ModelInput,
	{invert, fit}: PredictOptions = {},
): Promise<ReadImage> => {
	if (typeof image !== 'string' && !isBytes(image)) {
		throw new ConfigError('image', 'a path, or the bytes of an image file', formatValue(image));
	}

	const isDigit = fit === undefined ? form === 'mnist-digits' : fit === 'digits';
	if (isDigit && (channels !== 1 || size !== 28)) {
		const taken = `${channels} x ${size} x ${size}`;
		throw new ConfigError('fit', '`whole`', `digits, with a model of ${taken} images; MNIST’s are 1 x 28 x 28`);
	}

	try {
		if (isDigit) {
			return await fitDigit(await decodeImage(image, {deep: false}), invert);
		}

		const to = fit === undefined || fit === 'digits' ? preparation : {...preparation, fit};
		const {pixels, warnings, done} = await prepareFile(image, {channels, size}, to, invert);
		return {pixels, blank: false, done: [...warnings, ...done]};
	} catch (error) {
		if (error instanceof LoadError) {
			throw error; // not the file's fault
		}

		const reason = error instanceof Error ? error.message : String(error);
		const name = typeof image === 'string' ? image : 'the bytes given';
		throw new ImageError(
			reason === 'file not found'
				? `${name}: file not found`
				: `${name}: expected an image such as PNG or JPEG, or rows of an IDX file such as FILE-idx3-ubyte:0-9 (${reason})`,
			name,
		);
	}
};
