import type {Brightness} from '../../native/binding.js';
import {native} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import type {DecodedImage} from './decode-image.js';
import {formatColour, type Preparation} from './preparation.js';

/** What a net takes. */
export type ImageShape = {
	/** 1 for grey, 3 for red, green and blue. */
	readonly channels: number;
	/** Height and width. */
	readonly size: number;
};

/**
 * Brings a decoded image to the square that a net takes, as Pillow would, on a thread of the pool.
 *
 * @param invert whether light and dark are exchanged afterwards; the background stays as the preparation says
 * @returns `channels * size * size` bytes, channel by channel and row by row
 */
export const prepareImage = async (
	image: DecodedImage,
	{channels, size}: ImageShape,
	{fit, background, bits}: Preparation,
	invert = false,
): Promise<Uint8Array> => {
	const under = invert ? inverted([...background]) : [...background];
	const asDeclared = image.bits === 16 ? {...image, bits} : image;
	const pixels = unwrap(await native().prepareImage(asDeclared, {size, channels, fit, background: under}));
	return invert ? inverted(pixels) : pixels;
};

/** Exchanges light and dark. */
export const inverted = <Levels extends Uint8Array | number[]>(levels: Levels): Levels =>
	levels.map(level => 255 - level) as Levels;

/** A decoded image without its samples. */
type Measured = Pick<DecodedImage, 'width' | 'height' | 'channels' | 'bits' | 'done'>;

/** Describes what decoding and {@link prepareImage} do to an image, in words. */
export const preparationSteps = async (
	image: DecodedImage,
	shape: ImageShape,
	preparation: Preparation,
	invert = false,
): Promise<string[]> => describeSteps(image, await isTransparent(image), shape, preparation, invert);

/** Describes what decoding and {@link prepareImage} do to an image that is known to be transparent somewhere, or not. */
export const describeSteps = (
	image: Measured,
	hasTransparency: boolean,
	{channels, size}: ImageShape,
	{fit, background, bits}: Preparation,
	invert: boolean,
): string[] => [
	...image.done,
	...(image.bits === 16 ? [`${bits} bits to 8`] : []),
	...(hasTransparency ? [`transparent parts on ${formatColour(background)}`] : []),
	...(channels === 1 && image.channels > 2 ? ['colours to grey'] : []),
	...fitWords(image, size, fit, background),
	...(invert ? ['inverted'] : []),
];

/** Returns whether some of an image's pixels show what lies under them. */
const isTransparent = async (image: DecodedImage): Promise<boolean> =>
	image.channels % 2 === 0 && (await measureBrightness(image)).weight < image.width * image.height;

/** Measures how bright the visible pixels of an image are. */
export const measureBrightness = async (image: DecodedImage): Promise<Brightness> =>
	unwrap(await native().measureBrightness(image));

const fitWords = (
	{width, height}: Measured,
	size: number,
	fit: Preparation['fit'],
	background: Preparation['background'],
): string[] => {
	const [from, to] = [`${width} x ${height}`, `${size} x ${size}`];
	if (width === height) {
		return width === size ? [] : [`scaled from ${from} to ${to}`];
	}

	switch (fit) {
		case 'whole': {
			return [`scaled whole from ${from} into ${to}, on ${formatColour(background)}`];
		}

		case 'cover': {
			return [`the middle square of ${from} scaled to ${to}`];
		}

		case 'fill': {
			return [`stretched from ${from} to ${to}`];
		}
	}
};
