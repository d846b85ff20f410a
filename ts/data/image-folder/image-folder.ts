import path from 'node:path';
import {ConfigError} from '../../errors/index.js';
import {formatValue} from '../../format/value.js';
import {sha256} from '../../fs/hash.js';
import {checkNames} from '../../validation/check-names.js';
import {cacheImages, keyWithStamps} from '../cache.js';
import {checkChannels, checkSize} from '../check-shape.js';
import type {DataOrigin, DataSource} from '../data.js';
import {checkBits, checkFit, type Fit, parseColour, plainPreparation} from '../decode/preparation.js';
import {decoderVersion} from '../decode/sharp.js';
import {reportSurvey, reportValidation} from '../findings.js';
import {type ImageNames, writeImageNames} from '../image-names.js';
import {checkOpenOptions} from '../open-options.js';
import {contrastingBackground} from './background.js';
import {FileContents} from './file-contents.js';
import {FolderDecoder} from './folder-decoder.js';
import {reportLinksOut} from './links-out.js';
import {checkCounts, type ImageFile, type Listing, listClasses, listSets, reportLeftOut} from './list-images.js';
import {checkSplit, type Split, splitImages} from './split-images.js';

/** What {@link imageFolder} brings its images to, and how they are split. */
export type ImageFolderOptions = {
	/**
	 * Height and width.
	 *
	 * @range whole number from 1 to 4096
	 * @unit pixels
	 */
	readonly size: number;
	/**
	 * 1 for grey, 3 for red, green and blue.
	 *
	 * @default 3
	 */
	readonly channels?: 1 | 3;
	/**
	 * `whole` keeps all of an image that is not square, with bars; `cover` its middle square; `fill` stretches it. The model
	 * file says which, and `predict` does the same.
	 *
	 * @default 'whole'
	 */
	readonly fit?: Fit;
	/**
	 * The colour under transparent pixels and in the bars: `#rgb`, `#rrggbb`, `black` or `white`.
	 *
	 * @default white where transparent images are dark, else black
	 */
	readonly background?: string;
	/**
	 * Bits that 16-bit files use: 12 for those of many cameras and microscopes.
	 *
	 * @range whole number from 9 to 16
	 * @unit bits
	 * @default 16
	 */
	readonly bits?: number;
	/**
	 * For a folder whose folders are the classes: draws test images from each, and validation images if it says so.
	 *
	 * @default none: the folder has a folder for each set
	 */
	readonly split?: Split;
	/**
	 * Beside `split`: images whose names match in the same way stay together, such as `/^(\w+)_/` for photos of one object.
	 *
	 * @default each image for itself
	 */
	readonly group?: RegExp;
};

const known = ['size', 'channels', 'fit', 'background', 'bits', 'split', 'group'] as const satisfies ReadonlyArray<
	keyof ImageFolderOptions
>;

/**
 * Declares a folder of image files: `train/<class>/*`, `test/<class>/*` and, if there are validation images, `valid/<class>/*`
 * (or `val`, or `validation`); or, with `split`, `<class>/*`. The folders' names are the names of the classes. Images are decoded
 * once and kept in the cache, in the order of the last number in their names, then of the names, then of the classes.
 *
 * @throws {ConfigError} for an option that does not exist or can't be
 */
export const imageFolder = (folder: string, options: ImageFolderOptions): DataSource => {
	const {size, channels = 3, fit = 'whole', background, bits = 16, split, group} = options ?? {};
	if (typeof folder !== 'string') {
		throw new ConfigError('folder', 'a path', formatValue(folder));
	}

	checkNames(options ?? {}, known);

	checkSize(size);

	checkChannels(channels);

	checkFit(fit);
	checkBits(bits);
	checkSplit(split, group);
	const given = background === undefined ? undefined : parseColour('background', background);
	return {
		async open(base, openOptions = {}) {
			checkOpenOptions(openOptions);
			const {skipDamaged = false, tell = () => {}, signal} = openOptions;
			const place = path.resolve(base, folder);
			const listing = split ? splitListing(place, split, group) : listSets(place);
			checkCounts(
				place,
				listing.classes,
				listing.train.map(({label}) => label),
			);
			reportLeftOut(listing.leftOut, tell);
			reportLinksOut(place, tell);
			const decoder = await decoderVersion();
			const {train, validation, test} = listing;
			const wanted = {size, channels, fit, background: given, bits, skipDamaged};
			const listed = [...train, ...validation, ...test].map(({file}) => file);
			const contents = new FileContents(place, listed, {tell, signal});
			const keyOf = (hash: string): string =>
				entryKey([listing.classes, wanted, decoder, train.length, validation.length, hash]);
			const id = sourceId([place, wanted, split, group && String(group)]);
			const stamps = contents.isSettled ? keyOf(contents.stamps) : undefined;
			const entry = {
				key: keyWithStamps(id, stamps) ?? keyOf(await contents.hash()),
				source: {id, folder: place, stamps},
				name: path.basename(place),
				classes: listing.classes,
				tell,
				signal,
			};
			const cached = await cacheImages(entry, async (work, signal) => {
				const background = given ?? (await contrastingBackground(place, train));
				const images = new FolderDecoder(place, {size, channels}, {fit, background, bits}, {skipDamaged, tell, signal});
				const filled = await images.write(work, listing);
				await contents.checkUnchanged();
				writeImageNames(work, namesOf(listing, filled.leftOut));
				return {...filled, background};
			});
			const {data, survey, leftOut, background, notes = []} = cached;
			if (leftOut.length > 0) {
				tell(`Left out ${leftOut.length} damaged ${leftOut.length === 1 ? 'image' : 'images'}: ${leftOut.join(', ')}`);
			}

			if (listing.validationFolder !== undefined && data.validation !== undefined) {
				reportValidation(data.validation, `${listing.validationFolder}/`, tell);
			}

			for (const note of notes) {
				tell(note);
			}

			const files = {folder: place, ...namesOf(listing, leftOut)};
			reportSurvey(survey, data.classes, tell, ({part, index}) => files[part][index] ?? '');
			return {
				...data,
				files,
				testName: (index: number) => files.test[index],
				decoder,
				origin: originOf(place, options, skipDamaged),
				preparation: {fit, background: background ?? plainPreparation.background, bits},
			};
		},
	};
};

/** Returns what a run keeps of a folder of images, as JSON can hold it, so that it can be opened again. */
const originOf = (folder: string, {group, ...options}: ImageFolderOptions, skipDamaged: boolean): DataOrigin => ({
	imageFolder: folder,
	options: {...options, ...(group && {group: {pattern: group.source, flags: group.flags}})},
	skipDamaged,
});

/** Returns the files of the images, without those that were left out as damaged. */
const namesOf = ({train, validation, test}: Listing, leftOut: readonly string[]): ImageNames => {
	const out = new Set(leftOut);
	const kept = (files: readonly ImageFile[]): string[] => files.flatMap(({file}) => (out.has(file) ? [] : [file]));
	return {train: kept(train), validation: kept(validation), test: kept(test)};
};

const splitListing = (folder: string, split: Split, group: RegExp | undefined): Listing => {
	const {classes, files, leftOut} = listClasses(folder);
	return {classes, leftOut, ...splitImages(files, split, group)};
};

/** Names an entry by everything that its bytes depend on: the files by their contents, whatever their folder and times. */
const entryKey = (words: readonly unknown[]): string => `images-${sha256(JSON.stringify(words)).slice(0, 32)}`;

const sourceId = (words: readonly unknown[]): string => sha256(JSON.stringify(words)).slice(0, 16);
