import {readFileSync, statSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import type {Metadata, Sharp} from 'sharp';
import {fileType} from '../../fs/file-type.js';
import type {DecodedImage as NativeImage} from '../../native/binding.js';
import {correctJpegHeader, countScans} from './jpeg-header.js';
import {SharedOrAlone} from './shared-or-alone.js';
import {loadSharp} from './sharp.js';

/** An image at its full size, upright, in grey or sRGB. */
export type DecodedImage = NativeImage & {
	/** What is unusual about the file, in words; the image was decoded all the same. */
	readonly warnings: readonly string[];
	/** What was done to decode it, in words. */
	readonly done: readonly string[];
};

/** Some formats are unpacked whole, at up to eight bytes a pixel: half a GiB. */
const mostPixels = 2 ** 26;

/** libheif unpacks an image whole and in several copies, at up to 30 bytes a pixel (12 bits, transparent, turned): half a GiB. */
const mostHeifPixels = 2 ** 24;

/** Rows are unpacked many at a time and by each thread: two million pixels wide takes a GiB. JPEG can't say more than this either. */
const mostASide = 2 ** 16;

/** A small progressive JPEG may ask for any number of passes over a large image; no program writes as many. */
const mostScans = 100;

/** Files are read whole, so that none stays open or mapped. */
const mostBytes = 2 ** 29;

/** Files up to this size are read at once: four trips to the pool of threads take longer than reading so little. */
const fewBytes = 2 ** 16;

/** libvips has one list of messages for all threads: a reason is asked for while nothing else is decoded. */
const decoding = new SharedOrAlone();

/**
 * Decodes an image file, on threads of the pool. No file stays open or mapped, and one that was overwritten is read again.
 *
 * @param image a path, or the bytes of a file
 * @param options `deep`: whether 16 bits a sample are kept where the file has them
 * @throws {Error} if it is no image, damaged, or too large
 * @throws {LoadError} if there is no sharp for this platform
 */
export const decodeImage = async (
	image: string | Uint8Array,
	{deep = true}: {readonly deep?: boolean} = {},
): Promise<DecodedImage> => {
	const sharp = await loadSharp();
	const bytes =
		typeof image === 'string' ? await readBytes(image) : Buffer.from(image.buffer, image.byteOffset, image.byteLength); // of this realm, which sharp asks for
	const found = await metadataOf(bytes);
	checkSize(found);
	checkScans(bytes);
	const open = (file: Uint8Array): Sharp => sharp(file, {failOn: 'warning', limitInputPixels: mostPixels}).autoOrient();
	const decode = (file: Uint8Array) => async () => unpack(open(file), found, deep);
	const unpacked = await decoding.shared(decode(bytes)).catch(() => undefined);
	if (unpacked) {
		return {...unpacked, warnings: []};
	}

	const corrected = correctJpegHeader(bytes);
	const again = corrected && (await decoding.shared(decode(corrected.bytes)).catch(() => undefined));
	return again
		? {...again, warnings: [`an unusual header: ${corrected.corrections.join(', ')}`]}
		: {...(await failAgain(decode(bytes)).catch(withReason)), warnings: []};
};

/**
 * Repeats work that failed, for its own reason. The first time also takes the messages that others left in the list; each message
 * stands there as often as parts of libvips have met the fault, which varies.
 */
const failAgain = async <Value>(work: () => Promise<Value>): Promise<Value> =>
	decoding
		.alone(async () => work().catch(work))
		.catch((error: Error) => {
			throw new Error([...new Set(error.message.split('\n'))].join('\n'), {cause: error});
		});

/** sharp names its own setting if libvips has lost the reason. */
const withReason = (error: unknown): never => {
	const {message} = error as Error;
	throw /failOn setting|^$/.test(message) ? new Error('its data are damaged or cut short', {cause: error}) : error;
};

const readBytes = async (file: string): Promise<Uint8Array> => {
	const type = fileType(file);
	if (type !== 'a file') {
		throw new Error(type === 'nothing' ? 'file not found' : `it is ${type}, not a file`);
	}

	const {size} = statSync(file);
	if (size <= fewBytes) {
		return readFileSync(file);
	}

	if (size > mostBytes) {
		throw new Error(
			`it has ${size.toLocaleString('en')} bytes, and at most ${mostBytes.toLocaleString('en')} are read`,
		);
	}

	return readFile(file);
};

/** Formats that cameras and old programs write, and sharp's prebuilt libvips does not read. */
const refused = 'save it as PNG or JPEG';

const metadataOf = async (bytes: Uint8Array): Promise<Metadata> => {
	const sharp = await loadSharp();
	if (bytes.length === 0) {
		throw new Error('it is empty');
	}

	if (bytes[0] === 0x42 && bytes[1] === 0x4d) {
		throw new Error(`it is a BMP, which can’t be read: ${refused}`);
	}

	const read = async (): Promise<Metadata> => sharp(bytes, {limitInputPixels: false}).metadata();
	const found = await decoding.shared(read).catch(async () => failAgain(read));
	if (found.format === 'heif' && found.compression === 'hevc') {
		throw new Error(`it is a HEIC, which can’t be read: ${refused}`);
	}

	return found;
};

const checkSize = ({format, width, height}: Metadata): void => {
	const isHeif = format === 'heif'; // AVIF, too
	const limit = isHeif ? mostHeifPixels : mostPixels;
	if (width * height > limit) {
		const [got, most] = [width * height, limit].map(pixels => pixels.toLocaleString('en'));
		const advice = isHeif ? ' of an AVIF: make it smaller, or save it as PNG or JPEG' : ': make it smaller';
		throw new Error(`it has ${width} x ${height} pixels, ${got} in all, and at most ${most} are decoded${advice}`);
	}

	if (Math.max(width, height) > mostASide) {
		const most = mostASide.toLocaleString('en');
		throw new Error(`it has ${width} x ${height} pixels, and at most ${most} a side are decoded: make it smaller`);
	}
};

const checkScans = (bytes: Uint8Array): void => {
	const scans = countScans(bytes);
	if (scans > mostScans) {
		throw new Error(`it has ${scans} scans, and at most ${mostScans} are decoded: save it again`);
	}
};

/** Describes in words what an EXIF orientation, from 1 to 8, has decoding do. */
export const uprightSteps = (orientation: number): string[] =>
	orientation > 1 ? [`turned upright (EXIF orientation ${orientation})`] : [];

/** Unpacks all pixels: to resize in the same pass would let libvips shrink a JPEG while it is read, and cut off its edge. */
const unpack = async (
	image: Sharp,
	{depth, space, hasAlpha, orientation = 1, hasProfile}: Metadata,
	deep: boolean,
): Promise<Omit<DecodedImage, 'warnings'>> => {
	const isDeep = deep && depth === 'ushort';
	const isGrey = space === 'b-w' || space === 'grey16';
	const keepsGrey = isGrey && !hasAlpha; // in grey, sharp drops the transparency
	const colours = isDeep ? (keepsGrey ? 'grey16' : 'rgb16') : keepsGrey ? 'b-w' : 'srgb';
	const {data, info} = await image
		.toColourspace(colours)
		.raw({depth: isDeep ? 'ushort' : 'uchar'})
		.toBuffer({resolveWithObject: true});
	const {width, height, channels} = info;
	const done = [
		...uprightSteps(orientation),
		...(space === 'cmyk' || (hasProfile && space !== 'srgb' && !isGrey) ? [`${space?.toUpperCase()} to sRGB`] : []),
	];
	return {samples: data, width, height, channels, bits: isDeep ? 16 : 8, done};
};
