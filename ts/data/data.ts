import {ConfigError, DataError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {sha256} from '../fs/hash.js';
import type {DataDescription as Survey} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {wrongChoice} from '../validation/validate.js';
import type {Preparation} from './decode/preparation.js';
import {type Findings, findingsOf} from './findings.js';
import {readImageNames} from './image-names.js';

/** The description of a data set, in records and reports. */
export type DataDescription = {
	/** For people. */
	readonly name: string;
	/** 1 for grey, 3 for red, green and blue. */
	readonly channels: number;
	/** Height and width of every image. */
	readonly size: number;
	/** What each class is called, in the order of their labels. */
	readonly classes: readonly string[];
	/** Training images, without those of a validation set. */
	readonly train: number;
	/** Validation images, where the source has a set of its own. They follow the training images in the same files. */
	readonly validation?: number | undefined;
	/** Test images. */
	readonly test: number;
	/** sha256 over the sha256 of training images, training labels, test images and test labels, unpacked. */
	readonly hash: string;
	/** The number of images that stand out, such as test images that are training images, too; `undefined` if there are none. */
	readonly findings?: Findings | undefined;
};

/** Four IDX files: what every source comes down to. */
export type IdxFolder = {
	readonly folder: string;
	/** sha256 of training images, training labels, test images and test labels, unpacked. */
	readonly hashes: readonly string[];
};

/** How images were made, where others can be brought to the same form. `mnist-digits`: one digit, light on black, scaled to a box of 20 x 20, its centre of mass in the middle of 28 x 28. */
export type ImageForm = (typeof imageForms)[number];

/** All forms that others can be brought to. */
export const imageForms = ['mnist-digits'] as const;

/** @throws {ConfigError} for what is no form */
export const checkForm = (form: unknown): void => {
	if (form !== undefined && !(imageForms as readonly unknown[]).includes(form)) {
		throw wrongChoice('form', '`mnist-digits`, or left out', form, imageForms);
	}
};

/** Where images were opened from, so that a run can open them again once the cache has lost them. */
export type DataOrigin = {
	/** The folder of an image folder, absolute. */
	readonly imageFolder: string;
	readonly options: Readonly<Record<string, unknown>>;
	readonly skipDamaged: boolean;
};

/** The image files of a source, set by set in the order of its images, relative to its folder. */
export type ImageFiles = {
	readonly folder: string;
	readonly train: readonly string[];
	readonly validation?: readonly string[];
	readonly test: readonly string[];
};

/** Images with their labels, ready to learn from. */
export type Data = DataDescription & {
	/** How they were made, so that `predict` brings other images to the same form. */
	readonly form?: ImageForm | undefined;
	/** By what they were decoded, where they came as image files: another version may round otherwise. */
	readonly decoder?: string | undefined;
	/** How they were brought to a square, so that `predict` does the same. */
	readonly preparation?: Preparation | undefined;
	/** The folder of image files that they were decoded from. */
	readonly origin?: DataOrigin | undefined;
	readonly idx: IdxFolder;
	/** The files that the images were decoded from; `undefined` if they are no files. */
	readonly files?: ImageFiles | undefined;
	/** The label of each test image. */
	readonly testLabels: () => Uint8Array;
	/** The file of a test image, relative to the folder of the source; `undefined` if it came as no file. */
	readonly testName?: ((index: number) => string | undefined) | undefined;
	/** A test image: `channels * size * size` bytes, channel by channel and row by row, 0 for black. */
	readonly testImage: (index: number) => Uint8Array;
};

/** How a source is opened. */
export type OpenOptions = {
	/**
	 * Whether images that can’t be read are left out; else the first one is an error.
	 *
	 * @default false
	 */
	readonly skipDamaged?: boolean;
	/** Receives progress, where it takes time, and lines about what was left out. */
	readonly tell?: (line: string) => void;
	/** Ends the reading, where that takes time. */
	readonly signal?: AbortSignal | undefined;
};

/** Where images come from. Declared by {@link mnist}, {@link idx}, {@link imageFolder} or {@link arrays}. */
export type DataSource = {
	/**
	 * Reads and checks what is there.
	 *
	 * @param base the folder that relative paths start from
	 * @throws {DataError} naming what is missing or damaged
	 */
	readonly open: (base: string, options?: OpenOptions) => Promise<Data>;
};

/** One hash of four. */
const hashOf = (hashes: readonly string[]): string => sha256(hashes.join('\n'));

/** Data, and what stands out in their images. */
export type SurveyedData = {readonly data: Data; readonly survey: Survey};

/**
 * Reads four IDX files to their end, and says what they hold.
 *
 * @param hashes of the only files that will do
 * @param options what the classes are called, by their numbers where not said; how many of the training files' images, the
 * last ones, are for validation; how the images were made
 * @throws {DataError} for the first file that is missing, damaged, or does not go with the others
 */
export const readIdx = async (
	name: string,
	folder: string,
	hashes?: readonly string[],
	{
		classes,
		validation,
		...how
	}: {readonly classes?: readonly string[] | undefined} & Pick<Data, 'validation' | 'form' | 'preparation'> = {},
): Promise<SurveyedData> => {
	const found = unwrap(await native().describeData(folder, hashes && [...hashes], validation));
	const {channels, size, train, test} = found;
	const findings = findingsOf(found);
	if (classes !== undefined && classes.length < found.classes) {
		const expected = `labels below ${classes.length}, for the ${classes.length} classes that are named`;
		const got = `${found.classes - 1} as the highest`;
		throw new DataError(`${folder}: expected ${expected}, found ${got}`, folder, expected, got);
	}

	const data = dataOf(
		{
			...{name, channels, size, train, ...(validation && {validation}), test, hash: hashOf(found.hashes)},
			classes: classes ?? Array.from({length: found.classes}, (_, label) => String(label)),
			...(findings && {findings}),
		},
		{folder, hashes: found.hashes},
		how,
	);
	return {data, survey: found};
};

/** @throws {ConfigError} for what is no list of names */
export const checkClasses = (classes: unknown): void => {
	const areNames = Array.isArray(classes) && classes.length > 0 && classes.every(name => typeof name === 'string');
	if (classes !== undefined && !areNames) {
		throw new ConfigError('classes', 'a list of names', formatValue(classes));
	}
};

/** Returns whether a number is the label of a class; of any up to 255, if they have no names. */
export const isLabel = (label: number, classes: readonly string[] | undefined): boolean =>
	Number.isInteger(label) && label >= 0 && label < (classes?.length ?? 256);

/** Describes the labels that {@link isLabel} accepts. */
export const labelRange = (classes: readonly string[] | undefined): string =>
	classes ? `labels from 0 to ${classes.length - 1}, of the classes that are named,` : 'labels from 0 to 255';

/** What is known of files without reading them again. */
export const dataOf = (
	description: DataDescription,
	idx: IdxFolder,
	{form, preparation, origin}: Pick<Data, 'form' | 'preparation' | 'origin'> = {},
): Data => {
	const length = description.channels * description.size ** 2;
	const labels = once(() => unwrap(native().readTestLabels(idx.folder)));
	const isSmall = description.test * length <= 2 ** 26; // others are read image by image
	const names = once(() => ({test: readImageNames(idx.folder, description.test)?.test}));
	const pixels = once(() => unwrap(native().readTestImages(idx.folder)).pixels);
	return {
		...{
			...description,
			idx,
			testLabels: labels,
			...(form && {form}),
			...(preparation && {preparation}),
			...(origin && {origin}),
		},
		testName: index => names().test?.[index],
		testImage(index) {
			if (!Number.isSafeInteger(index) || index < 0 || index >= description.test) {
				throw new ConfigError('index', `a whole number from 0 to ${description.test - 1}`, formatValue(index));
			}

			return isSmall
				? pixels().subarray(index * length, (index + 1) * length)
				: unwrap(native().readTestImage(idx.folder, index));
		},
	};
};

/** A source of what is open already. */
export const sourceOf = (data: Data): DataSource => ({
	async open() {
		return data;
	},
});

/** Returns the words and figures that tell data from others. */
export const describe = (data: Data): DataDescription => {
	const {name, channels, size, classes, train, validation, test, hash} = data;
	return {name, channels, size, classes, train, ...(validation && {validation}), test, hash};
};

/** Returns the same with what stands out in the images. */
export const describeWithFindings = (data: Data): DataDescription => ({
	...describe(data),
	...(data.findings && {findings: data.findings}),
});

/** Read when it is first asked for. */
const once = <Value>(read: () => Value): (() => Value) => {
	let value: Value | undefined;
	return () => {
		value ??= read();
		return value;
	};
};
