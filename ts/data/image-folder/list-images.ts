import path from 'node:path';
import {DataError} from '../../errors/index.js';
import {didYouMean} from '../../format/did-you-mean.js';
import {fileType} from '../../fs/file-type.js';
import {listFolder} from '../../fs/list-folder.js';

/** An image file and the place of its class among the classes. */
export type ImageFile = {
	/** Relative to the source's folder. */
	readonly file: string;
	readonly label: number;
};

/** The image files of a folder. */
export type Listing = {
	readonly classes: readonly string[];
	readonly train: readonly ImageFile[];
	readonly validation: readonly ImageFile[];
	readonly test: readonly ImageFile[];
	/** The name of the folder of validation images, if there is one. */
	readonly validationFolder?: string | undefined;
	/** Files and folders that are no images of a class, relative to the source's folder. */
	readonly leftOut: readonly string[];
};

/** Reports in one line all files and folders that are no images of a class, with an example. */
export const reportLeftOut = (leftOut: readonly string[], tell: (line: string) => void): void => {
	const [first] = leftOut;
	if (first !== undefined) {
		const files = leftOut.length === 1 ? '1 file or folder that is' : `${leftOut.length} files or folders that are`;
		tell(`Left out ${files} no image of a class, such as ${first}`);
	}
};

/** Names of files to decode. Those that sharp can't read are listed too, so that they are refused by name. */
export const isImage = (name: string): boolean =>
	/\.(?:png|jpe?g|jfif|webp|gif|tiff?|avif|bmp|heic|heif)$/i.test(name) && !name.startsWith('.');

/** Names of a set of validation images, as data sets come. */
export const validationNames: readonly string[] = ['valid', 'val', 'validation'];

/**
 * Lists the images of `train/<class>/*`, `test/<class>/*` and, where there is one, `valid/<class>/*` (or `val`, or `validation`).
 * Other folders are left out and reported.
 *
 * @throws {DataError} for a folder or class that is missing, listing what exists instead
 */
export const listSets = (folder: string): Listing => {
	checkSets(folder);
	const leftOut: string[] = [];
	const classes = classesIn(folder, 'train', leftOut);
	checkClassCount(path.join(folder, 'train'), classes);
	const validationFolder = findValidation(folder);
	const sets = ['train', 'test', validationFolder];
	leftOut.push(...listFolder(folder).filter(name => !sets.includes(name) && !name.startsWith('.')));
	const filesOf = (set: string): ImageFile[] => {
		if (set !== 'train') {
			checkKnownClasses(folder, set, classesIn(folder, set, leftOut), classes);
		}

		const files = imagesOf(folder, set, classes, leftOut);
		checkNotEmpty(path.join(folder, set), files);
		return files;
	};
	const [train, test] = [filesOf('train'), filesOf('test')];
	const validation = validationFolder === undefined ? [] : filesOf(validationFolder);
	return {classes, train, validation, test, leftOut, validationFolder};
};

/** Returns the name of the folder of validation images; `undefined` if there is none. */
const findValidation = (folder: string): string | undefined => {
	const found = validationNames.filter(name => fileType(path.join(folder, name)) === 'a folder');
	if (found.length > 1) {
		const names = found.join(' and ');
		throw new DataError(
			`${folder}: expected one folder of validation images, found ${names}: remove or rename all but one`,
			folder,
			'one folder of validation images',
			names,
		);
	}

	return found[0];
};

/**
 * Lists the images of `<class>/*`, for a source that splits them itself.
 *
 * @throws {DataError} for a folder without classes or images
 */
export const listClasses = (folder: string): Pick<Listing, 'classes' | 'leftOut'> & {readonly files: ImageFile[]} => {
	if (fileType(folder) !== 'a folder') {
		throw missingFolder(folder, 'a folder of images, <class>/*.png or .jpg');
	}

	const leftOut: string[] = [];
	const classes = classesIn(folder, '.', leftOut);
	checkClassCount(folder, classes);
	const files = imagesOf(folder, '.', classes, leftOut);
	checkNotEmpty(folder, files);
	return {classes, files, leftOut};
};

/** Both sets are needed; the sentence lists what exists instead, and what to do about it. */
const checkSets = (folder: string): void => {
	if (fileType(folder) !== 'a folder') {
		throw missingFolder(folder, 'a folder of images, with train/<class>/* and test/<class>/*');
	}

	const missing = ['train', 'test'].filter(name => fileType(path.join(folder, name)) !== 'a folder');
	const [first] = missing;
	if (first === undefined) {
		return;
	}

	const place = path.join(folder, first);
	const existing = listFolder(folder).filter(
		name => !name.startsWith('.') && fileType(path.join(folder, name)) === 'a folder',
	);
	const hint = existing.some(name => !['train', 'test', ...validationNames].includes(name.toLowerCase()))
		? `; if its folders are the classes, split them by \`imageFolder(${JSON.stringify(path.basename(folder))}, {size, split: {test: 0.2, seed: 1}})\``
		: didYouMean(first, existing);
	const found = existing.length > 0 ? existing.sort(compareText).slice(0, 10).join(', ') : 'no folders';
	const states = missing.map(name => {
		const type = fileType(path.join(folder, name));
		return `${name} is ${type === 'nothing' ? 'missing' : type}`;
	});
	throw new DataError(
		`${folder}: expected the folders train and test, each with a folder for every class; ${states.join(' and ')}, found ${found}${hint}`,
		place,
		'a folder of images',
		found,
	);
};

const missingFolder = (folder: string, expected: string): DataError => {
	const found = fileType(folder);
	const parent = path.dirname(folder);
	const beside = listFolder(parent).filter(name => !name.startsWith('.'));
	const got = found === 'nothing' ? `it does not exist${didYouMean(path.basename(folder), beside)}` : `it is ${found}`;
	return new DataError(`${folder}: expected ${expected}; ${got}`, folder, expected, got);
};

const classesIn = (folder: string, set: string, leftOut: string[]): string[] => {
	const names = listFolder(path.join(folder, set)).filter(name => !name.startsWith('.'));
	const classes = names.filter(name => isClass(path.join(folder, set, name)));
	leftOut.push(...names.filter(name => !classes.includes(name)).map(name => path.join(set, name)));
	return classes.sort(compareText);
};

const imagesOf = (folder: string, set: string, classes: readonly string[], leftOut: string[]): ImageFile[] => {
	const found: Array<ImageFile & {readonly name: string; readonly number: number}> = [];
	for (const [label, className] of classes.entries()) {
		for (const name of listFolder(path.join(folder, set, className))) {
			const file = path.join(set, className, name);
			if (isImage(name) && fileType(path.join(folder, file)) !== 'a folder') {
				found.push({file, label, name, number: numberIn(name)});
			} else if (!name.startsWith('.')) {
				leftOut.push(file);
			}
		}
	}

	found.sort((a, b) => a.number - b.number || compareText(a.name, b.name) || a.label - b.label);
	return found.map(({file, label}) => ({file, label}));
};

/** Orders images by the last number in their names, then by name. */
export const compareImages = (a: string, b: string): number =>
	numberIn(a) - numberIn(b) || compareText(path.basename(a), path.basename(b));

const checkClassCount = (place: string, classes: readonly string[]): void => {
	if (classes.length < 2 || classes.length > 256) {
		const expected = 'from 2 to 256 folders, one a class';
		throw new DataError(
			`${place}: expected ${expected}, found ${classes.length}`,
			place,
			expected,
			String(classes.length),
		);
	}
};

const checkKnownClasses = (folder: string, set: string, found: readonly string[], classes: readonly string[]): void => {
	const unknown = found.find(name => !classes.includes(name));
	if (unknown !== undefined) {
		const place = path.join(folder, set, unknown);
		const advice = `put some in ${path.join(folder, 'train', unknown)}`;
		throw new DataError(
			`${place}: the class \`${unknown}\` has ${set} images but none to learn from${didYouMean(unknown, classes)}; ${advice}`,
			place,
			`one of the classes of train: ${classes.join(', ')}`,
			unknown,
		);
	}
};

const checkNotEmpty = (place: string, files: readonly ImageFile[]): void => {
	if (files.length === 0) {
		const expected = 'images such as PNG, JPEG or WebP in the folders of its classes';
		throw new DataError(`${place}: expected ${expected}, found none`, place, 'images', 'none');
	}
};

/**
 * Checks that every class keeps enough images to learn from.
 *
 * @throws {DataError} for a class with fewer than two
 */
export const checkCounts = (folder: string, classes: readonly string[], labels: Iterable<number>): void => {
	const counts = classes.map(() => 0);
	for (const label of labels) {
		counts[label] = (counts[label] ?? 0) + 1;
	}

	const few = counts.findIndex(count => count < 2);
	const name = classes[few];
	if (name !== undefined) {
		const place = path.join(folder, 'train', name);
		const found = `${counts[few]} ${counts[few] === 1 ? 'image' : 'images'}`;
		throw new DataError(
			`${place}: the class \`${name}\` has ${found} to learn from; at least 2 are needed`,
			place,
			'at least 2 images',
			found,
		);
	}
};

/** Whether a path is a class: a folder, or a link to one. A class that can't be reached is refused, not left out. */
const isClass = (place: string): boolean => {
	const found = fileType(place);
	const problem = isMisread(place) ? misread : found === 'a link to nowhere' ? `it is ${found}` : undefined;
	if (problem) {
		const advice = 'a class can’t be left out: mend or remove it';
		throw new DataError(
			`${place}: expected a folder of images of one class; ${problem} (${advice})`,
			place,
			'a folder of images',
			problem,
		);
	}

	return found === 'a folder';
};

/** Whether a name was no UTF-8: it does not lead back to its file then. */
export const isMisread = (place: string): boolean =>
	path.basename(place).includes('\uFFFD') && fileType(place) === 'nothing';

/** The reason to give for such a name. */
export const misread = 'its name is not UTF-8';

/** By code units: the same on every machine, whatever its language. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The last number in a file's name; 0 without one. */
const numberIn = (name: string): number =>
	Number(/(\d{1,15})\D*$/.exec(path.basename(name, path.extname(name)))?.[1] ?? 0);
