import {LoadError} from '../../errors/index.js';

/** The version of this folder's own part of decoding. Raise it with any change of the bytes that come out. */
const ownVersion = 3;

/** Returns the versions of everything that decodes images: other ones may round otherwise. */
export const decoderVersion = async (): Promise<string> => {
	const {versions} = await loadSharp();
	return `decoder ${ownVersion}, sharp ${versions.sharp}, libvips ${versions.vips}`;
};

/** A part of an image, in pixels. */
export type Part = {readonly top: number; readonly left: number; readonly width: number; readonly height: number};

/** Encodes an image, `channels * size * size` bytes, or a part of it, as a PNG file. */
export const encodePng = async (
	planes: Uint8Array,
	channels: number,
	size: number,
	part: Part = {top: 0, left: 0, width: size, height: size},
): Promise<Buffer> => {
	const sharp = await loadSharp();
	const area = size * size;
	const data = Uint8Array.from(
		{length: planes.length},
		(_, i) => planes[(i % channels) * area + Math.floor(i / channels)] ?? 0,
	);
	return sharp(data, {raw: {width: size, height: size, channels: channels as 1 | 3}})
		.extract(part)
		.png({compressionLevel: 9})
		.toBuffer();
};

/**
 * Loads sharp, a large library that only images need. Its own addon is an optional dependency for each platform, as ours is.
 *
 * @throws {LoadError} if there is none for this platform
 */
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
