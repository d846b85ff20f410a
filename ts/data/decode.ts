import type {Sharp} from 'sharp';
import {LoadError} from '../errors/index.js';
import {fileType} from '../fs/file-type.js';

/** What an image is brought to. */
export type ImageShape = {
	/** 1 for grey, 3 for red, green and blue. */
	readonly channels: number;
	/** Height and width. */
	readonly size: number;
	/** For dark on light where a model knows light on dark, or the other way round. */
	readonly invert?: boolean;
};

/**
 * An image file, or what is in one, of any kind and size, turned as its camera held it, whole in a square of black, or of white where it is
 * inverted afterwards.
 *
 * @returns `channels * size * size` bytes, channel by channel
 * @throws {Error} by sharp, where the file is no image or a damaged one
 * @throws {LoadError} where there is no sharp for this platform
 */
export const decodeImage = async (
	file: string | Uint8Array,
	{channels, size, invert = false}: ImageShape,
): Promise<Uint8Array> => {
	const background = invert ? '#fff' : '#000';
	const image = (await openImage(file))
		.autoOrient()
		.flatten({background})
		.toColourspace(channels === 1 ? 'b-w' : 'srgb')
		.resize(size, size, {fit: 'contain', background})
		.negate(invert ? {alpha: false} : false);
	const {data, info} = await image.raw({depth: 'uchar'}).toBuffer({resolveWithObject: true});
	const planes = new Uint8Array(channels * size * size);
	for (let channel = 0; channel < channels; channel += 1) {
		for (let pixel = 0; pixel < size * size; pixel += 1) {
			planes[channel * size * size + pixel] = data[pixel * info.channels + Math.min(channel, info.channels - 1)] ?? 0;
		}
	}

	return planes;
};

/** Some formats are unpacked whole, at up to eight bytes a pixel: half a GiB. */
const mostPixels = 2 ** 26;

/** libheif unpacks an image whole and in several copies, at up to 30 bytes a pixel (12 bits, transparent, turned): half a GiB. */
const mostHeifPixels = 2 ** 24;

/** Rows are unpacked many at a time and by each thread: two million pixels wide takes a GiB. JPEG can't say more than this either. */
const mostASide = 2 ** 16;

/**
 * An image file, or what is in one, to be decoded by sharp, on threads of the pool.
 *
 * @throws {Error} where it is no file, or too large to be decoded
 * @throws {LoadError} where there is no sharp for this platform
 */
export const openImage = async (file: string | Uint8Array): Promise<Sharp> => {
	const sharp = await loadSharp();
	const found = typeof file === 'string' ? fileType(file) : 'a file';
	if (found !== 'a file' && found !== 'nothing') {
		throw new Error(`it is ${found}, not a file`);
	}

	const {format, width, height} = await sharp(file, {limitInputPixels: false}).metadata();
	const isHeif = format === 'heif'; // AVIF, too
	const limitInputPixels = isHeif ? mostHeifPixels : mostPixels;
	if (width * height > limitInputPixels) {
		const [got, most] = [width * height, limitInputPixels].map(pixels => pixels.toLocaleString('en'));
		const advice = isHeif ? ' of an AVIF or HEIF: make it smaller, or save it as PNG or JPEG' : ': make it smaller';
		throw new Error(`it has ${width} x ${height} pixels, ${got} in all, and at most ${most} are decoded${advice}`);
	}

	if (Math.max(width, height) > mostASide) {
		const most = mostASide.toLocaleString('en');
		throw new Error(`it has ${width} x ${height} pixels, and at most ${most} a side are decoded: make it smaller`);
	}

	return sharp(file, {failOn: 'warning', limitInputPixels});
};

/** An image as a PNG file. */
export const encodePng = async (planes: Uint8Array, channels: number, size: number): Promise<Buffer> => {
	const sharp = await loadSharp();
	const area = size * size;
	const data = Uint8Array.from(
		{length: planes.length},
		(_, i) => planes[(i % channels) * area + Math.floor(i / channels)] ?? 0,
	);
	return sharp(data, {raw: {width: size, height: size, channels: channels as 1 | 3}})
		.png({compressionLevel: 9})
		.toBuffer();
};

/** By what images are decoded. */
export const decoderVersion = async (): Promise<string> => {
	const {versions} = await loadSharp();
	return `sharp ${versions.sharp}, libvips ${versions.vips}`;
};

/** A large library, which only images need. Its own addon is an optional dependency for each platform, as ours is. */
export const loadSharp = async () => {
	try {
		const {default: sharp} = await import('sharp');
		return sharp;
	} catch (error) {
		const [reason] = (error as Error).message.split('\n', 1);
		throw new LoadError(
			`sharp, which reads and writes images, could not be loaded (${reason}): optional dependencies were left out, or ` +
				'node_modules comes from another machine. Remove node_modules and install again, without `--omit=optional`',
			{cause: error},
		);
	}
};
