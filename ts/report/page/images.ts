import type {Data} from '../../data/data.js';
import {encodePng, type Part} from '../../data/decode/sharp.js';

/** Encodes a test image as a data URI, as the net sees it. */
export const imageUri = async (data: Data, index: number): Promise<string> =>
	pngUri(await encodePng(data.testImage(index), data.channels, data.size));

/** Encodes an image as a data URI, without the bars that made a photo square. */
export const photoUri = async (
	planes: Uint8Array,
	{channels, size, preparation}: Pick<Data, 'channels' | 'size' | 'preparation'>,
): Promise<string> => {
	const bars = preparation?.fit === 'whole' ? barsOf(planes, channels, size, preparation.background) : undefined;
	return pngUri(await encodePng(planes, channels, size, bars));
};

/**
 * Returns the part of an image between two bars of the background, above and below or on both sides; `undefined` without any. A
 * drawing on that background has it on all four sides, and is left whole.
 */
const barsOf = (
	planes: Uint8Array,
	channels: number,
	size: number,
	background: readonly number[],
): Part | undefined => {
	const isBackground = (row: number, column: number): boolean =>
		background.slice(0, channels).every((level, channel) => planes[(channel * size + row) * size + column] === level);
	const indices = Array.from({length: size}, (_, index) => index);
	const isEmptyRow = (row: number): boolean => indices.every(column => isBackground(row, column));
	const isEmptyColumn = (column: number): boolean => indices.every(row => isBackground(row, column));
	const filled = (isEmpty: (line: number) => boolean): readonly [first: number, count: number] => {
		const [first, last] = [indices.find(line => !isEmpty(line)), indices.findLast(line => !isEmpty(line))];
		return first === undefined || last === undefined ? [0, size] : [first, last - first + 1];
	};
	const [[top, height], [left, width]] = [filled(isEmptyRow), filled(isEmptyColumn)];
	const areBars = (first: number, count: number): boolean => count < size && Math.abs(size - count - 2 * first) <= 1;
	return (areBars(top, height) && width === size) || (areBars(left, width) && height === size)
		? {top, left, width, height}
		: undefined;
};

/** Returns the data URI of a PNG file. */
export const pngUri = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;

/** Returns a CSS rule for each image, so that the page contains it once even if it is shown repeatedly. */
export const imageRules = async (data: Data, images: Iterable<number>): Promise<string> => {
	const rules = [...new Set(images)].map(
		async index => `.i${index}{background-image:url(${await photoUri(data.testImage(index), data)})}`,
	);
	return (await Promise.all(rules)).join('\n');
};
