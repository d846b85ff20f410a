import {ConfigError} from '../../errors/index.js';
import {formatValue} from '../../format/value.js';
import {wrongChoice} from '../../validation/validate.js';

/** How an image that is not square fills the square that a net takes. */
export type Fit = (typeof fits)[number];

/** `whole`: all of it, with bars; `cover`: its middle square; `fill`: stretched. */
export const fits = ['whole', 'cover', 'fill'] as const;

/** How the images of a source were brought to a square, so that `predict` does the same. Kept in the model file. */
export type Preparation = {
	readonly fit: Fit;
	/** Red, green and blue, from 0 to 255: what lies under transparent pixels and in the bars of `whole`. */
	readonly background: readonly [number, number, number];
	/** Bits of a sample that 16-bit files use. */
	readonly bits: number;
};

/** The preparation of images for which none was declared, and of models from before it was kept. */
export const plainPreparation: Preparation = {fit: 'whole', background: [0, 0, 0], bits: 16};

/**
 * Reads a colour.
 *
 * @param colour `#fff`, `#ffffff`, `black` or `white`
 * @throws {ConfigError} for anything else
 */
export const parseColour = (setting: string, colour: unknown): Preparation['background'] => {
	const named = colour === 'black' ? '#000' : colour === 'white' ? '#fff' : colour;
	const [, digits = ''] = typeof named === 'string' ? (/^#([\da-f]{3}|[\da-f]{6})$/i.exec(named) ?? []) : [];
	if (digits === '') {
		throw new ConfigError(setting, '`#rgb`, `#rrggbb`, `black` or `white`', formatValue(colour));
	}

	const width = digits.length / 3;
	const level = (index: number): number =>
		Number.parseInt(digits.slice(index * width, (index + 1) * width).repeat(3 - width), 16);
	return [level(0), level(1), level(2)];
};

/** Formats a colour as people write it: `black`, `white`, `#rrggbb`. */
export const formatColour = (colour: Preparation['background']): string => {
	const digits = colour.map(level => level.toString(16).padStart(2, '0')).join('');
	return digits === '000000' ? 'black' : digits === 'ffffff' ? 'white' : `#${digits}`;
};

/** @throws {ConfigError} for a way to fit that does not exist */
export const checkFit = (fit: unknown): void => {
	if (fit !== undefined && !(fits as readonly unknown[]).includes(fit)) {
		throw wrongChoice('fit', '`whole`, `cover` or `fill`', fit, fits);
	}
};

/** @throws {ConfigError} for a number of bits that no 16-bit file uses */
export const checkBits = (bits: unknown): void => {
	if (bits !== undefined && !(Number.isInteger(bits) && Number(bits) >= 9 && Number(bits) <= 16)) {
		throw new ConfigError('bits', 'a whole number from 9 to 16', formatValue(bits));
	}
};

/** How a source of ready images says that they were brought to a square. */
export type DeclaredPreparation = {
	/**
	 * How they were fitted, so that `predict` does the same.
	 *
	 * @default 'whole'
	 */
	readonly fit?: Fit;
	/**
	 * The colour beside them: `#rgb`, `#rrggbb`, `black` or `white`.
	 *
	 * @default 'black'
	 */
	readonly background?: string;
};

/**
 * Reads a declared preparation; `undefined` if nothing is declared.
 *
 * @throws {ConfigError} for a way to fit or a colour that does not exist
 */
export const parsePreparation = ({fit, background}: DeclaredPreparation): Preparation | undefined => {
	checkFit(fit);
	return fit === undefined && background === undefined
		? undefined
		: {
				...plainPreparation,
				...(fit !== undefined && {fit}),
				...(background !== undefined && {background: parseColour('background', background)}),
			};
};

/**
 * Checks a preparation that was read from a file.
 *
 * @throws {ConfigError} if it is none
 */
export const checkPreparation = (value: unknown): void => {
	if (value === undefined) {
		return;
	}

	const {fit, background, bits} = (value ?? {}) as Partial<Preparation>;
	checkFit(fit ?? null);
	checkBits(bits ?? null);
	const isLevel = (level: unknown): boolean => Number.isInteger(level) && Number(level) >= 0 && Number(level) <= 255;
	if (!Array.isArray(background) || background.length !== 3 || !background.every(isLevel)) {
		throw new ConfigError('background', 'three levels from 0 to 255', formatValue(background));
	}
};
