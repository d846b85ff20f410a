import path from 'node:path';
import {readTable} from '../../data/csv.js';
import type {Data} from '../../data/data.js';
import {reportLinksOut} from '../../data/image-folder/links-out.js';
import {
	compareImages,
	compareText,
	isImage,
	reportLeftOut,
	validationNames,
} from '../../data/image-folder/list-images.js';
import {readArchive, setOf} from '../../data/npz.js';
import {ConfigError, DataError} from '../../errors/index.js';
import {displayPath} from '../../format/command-line.js';
import {didYouMean} from '../../format/did-you-mean.js';
import {fileType} from '../../fs/file-type.js';
import {listFolder} from '../../fs/list-folder.js';
import {native} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {checkReadablePath} from '../../validation/check-path.js';
import {joined, type LabelledImages, labelledFiles, labelledPixels, type SetName} from './labelled-images.js';

/** Which images of a source are asked for. */
export type Wanted = {
	/** The test images if left out; all of a source without sets. */
	readonly set?: SetName | undefined;
	/** The column of labels of a table. */
	readonly label: string;
	/** Receives a line about files that were left out. */
	readonly tell: (line: string) => void;
};

/** Sets as one reads them, the wanted one or all. */
type One = Exclude<SetName, 'all'>;
const allSets: readonly One[] = ['train', 'validation', 'test'];

/** The names of a set in folders and files. */
const namesOf: Readonly<Record<One, readonly string[]>> = {
	train: ['train'],
	validation: validationNames,
	test: ['test', 't10k'],
};

const wrong = (place: string, expected: string, found: string): DataError =>
	new DataError(`${displayPath(place)}: expected ${expected}; ${found}`, place, expected, found);

/**
 * Opens labelled images: a folder of image files with or without sets, a folder of IDX files, a NumPy archive (`.npz`), or a table
 * of pixels (`.csv`). Only what is wanted has to be there: no training images are needed to evaluate test images.
 *
 * @throws {DataError} for a path that is none of these, and for a set that is missing
 */
export const openImages = async (place: string, wanted: Wanted): Promise<LabelledImages> => {
	checkReadablePath('data', place);
	const type = fileType(place);
	if (type === 'a folder') {
		return listFolder(place).some(name => /idx[134]-ubyte(?:\.gz)?$/.test(name))
			? openIdx(place, wanted)
			: openFolder(place, wanted);
	}

	if (type === 'a file' && place.endsWith('.npz')) {
		return openArchive(place, wanted);
	}

	if (type === 'a file' && /\.csv(?:\.gz)?$/.test(place)) {
		return openTable(place, wanted);
	}

	const beside = type === 'nothing' ? listFolder(path.dirname(place)) : [];
	const found = type === 'nothing' ? `it does not exist${didYouMean(path.basename(place), beside)}` : `it is ${type}`;
	throw wrong(place, 'a folder of images, a folder of IDX files, an .npz or a .csv', found);
};

/**
 * Opens the images of a source of data: its files where it has them, else its decoded images.
 *
 * @throws {DataError} for a set that it lacks
 */
export const imagesOfData = async (data: Data, {set = 'test'}: Pick<Wanted, 'set'>): Promise<LabelledImages> => {
	const {name, files, validation = 0} = data;
	const numbered = data.classes.every((name, label) => name === String(label));
	const classes = numbered ? undefined : data.classes;
	const read = async (one: One): Promise<LabelledImages | undefined> => {
		if (one === 'validation' && validation === 0) {
			return undefined;
		}

		const named = {name: `${name}, ${one}`, classes};
		const all = await readIdx(data.idx.folder, one === 'test' ? 'test' : 'train');
		const [from, to] = one === 'validation' ? [data.train, data.train + validation] : [0, data[one]];
		const {labels, pixels, nameOf} = all;
		const sliced = Array.from(labels.subarray(from, to));
		const ofSet = files?.[one];
		if (files && ofSet) {
			const found = sliced.map((label, index) => ({
				file: displayPath(path.join(files.folder, ofSet[index] ?? '')),
				label,
			}));
			return labelledFiles(named, found);
		}

		const length = all.channels * all.size ** 2;
		return labelledPixels(named, {
			...{channels: all.channels, size: all.size, labels: sliced, file: data.idx.folder},
			images: pixels.subarray(from * length, to * length),
			nameOf: index => nameOf(from + index),
		});
	};
	return inSets(name, data.idx.folder, classes, set, read);
};

/** Opens a set or all there are; a missing one is an error that lists the others. */
const inSets = async (
	name: string,
	place: string,
	classes: readonly string[] | undefined,
	set: SetName,
	read: (one: One) => Promise<LabelledImages | undefined>,
): Promise<LabelledImages> => {
	if (set === 'all') {
		const found = await Promise.all(allSets.map(read));
		return joined(
			{name, classes},
			found.flatMap(images => images ?? []),
		);
	}

	const found = await read(set);
	if (!found) {
		throw wrong(place, `${set} images`, 'it has none');
	}

	return found;
};

type IdxFile = {readonly one: One; readonly images: string; readonly labels: string};

const idxFiles = (folder: string): IdxFile[] => {
	const names = listFolder(folder);
	return allSets.flatMap(one => {
		const find = (ending: string): string | undefined =>
			names.find(name => namesOf[one].some(set => new RegExp(`^${set}-${ending}-ubyte(?:\\.gz)?$`).test(name)));
		const [images, labels] = [find('images-idx[34]'), find('labels-idx1')];
		return images !== undefined && labels !== undefined ? [{one, images, labels}] : [];
	});
};

/** Reads the images and labels of a set of IDX files. */
const readIdx = async (folder: string, one: One) => {
	const found = idxFiles(folder).find(file => file.one === one);
	if (!found) {
		const some = listFolder(folder).filter(name => name.includes('ubyte'));
		throw wrong(folder, `IDX files of ${one} images and labels`, `found ${some.join(', ') || 'none'}`);
	}

	const images = unwrap(await native().readIdxImages(path.join(folder, found.images)));
	const labels = unwrap(native().readIdxLabels(path.join(folder, found.labels)));
	const {count, channels, rows: size, columns, pixels} = images;
	if (size !== columns || labels.length !== count) {
		const got = `${count} images of ${size} x ${columns} and ${labels.length} labels`;
		throw wrong(path.join(folder, found.images), 'square images, and a label for each', `found ${got}`);
	}

	return {channels, size, pixels, labels, nameOf: (index: number) => `${found.images}:${index}`};
};

const openIdx = async (folder: string, {set = 'test'}: Wanted): Promise<LabelledImages> => {
	const existing = idxFiles(folder).map(({one}) => one);
	return inSets(path.basename(folder), folder, undefined, set, async one => {
		if (set === 'all' && !existing.includes(one)) {
			return undefined;
		}

		const {pixels, nameOf, ...read} = await readIdx(folder, one);
		const named = {name: `${path.basename(folder)}, ${one}`, classes: undefined};
		const shown = (index: number): string => displayPath(path.join(folder, nameOf(index)));
		return labelledPixels(named, {...read, images: pixels, file: folder, nameOf: shown});
	});
};

const openArchive = async (file: string, {set = 'test'}: Wanted): Promise<LabelledImages> => {
	const {arrays} = await readArchive(file);
	const name = path.basename(file);
	return inSets(name, file, undefined, set, async one => {
		const prefix = one === 'validation' ? 'val' : one;
		const found = setOf(file, arrays, prefix, undefined);
		const shown = (index: number): string => `${displayPath(file)}:${prefix}:${index}`;
		return found && labelledPixels({name: `${name}, ${one}`, classes: undefined}, {...found, file, nameOf: shown});
	});
};

const openTable = async (file: string, {set = 'all', label}: Wanted): Promise<LabelledImages> => {
	if (set !== 'all') {
		throw new ConfigError('set', '`all`, or left out, for a table', set);
	}

	const table = await readTable(file, {label, set: undefined, channels: 1, classes: undefined});
	const shown = (index: number): string => `${displayPath(file)}:${index + 2}`; // lines count from 1, and the first is the head
	return labelledPixels({name: path.basename(file), classes: undefined}, {...table, channels: 1, file, nameOf: shown});
};

/** Opens `<class>/*`, or `<set>/<class>/*` if the folder has folders of that name. */
const openFolder = async (folder: string, {set, tell}: Wanted): Promise<LabelledImages> => {
	const name = path.basename(path.resolve(folder));
	const inside = listFolder(folder).filter(
		entry => !entry.startsWith('.') && fileType(path.join(folder, entry)) === 'a folder',
	);
	const sets = allSets.flatMap(one => {
		const found = inside.find(entry => namesOf[one].includes(entry));
		return found === undefined ? [] : [{one, found}];
	});
	if (sets.length === 0) {
		if (set !== undefined && set !== 'all') {
			throw wrong(folder, `a folder ${namesOf[set].join(' or ')} in it`, 'it has classes, no sets: ask for `all`');
		}

		return listClassFolders({name, folder, places: [folder]}, tell);
	}

	const wanted = sets.filter(({one}) => set === 'all' || one === (set ?? 'test'));
	if (wanted.length === 0) {
		const found = sets.map(({found}) => found).join(', ');
		throw wrong(
			folder,
			`a folder ${namesOf[set as One]?.join(' or ') ?? 'test'} in it`,
			`found ${found}: choose one as the set`,
		);
	}

	const places = wanted.map(({found}) => path.join(folder, found));
	return listClassFolders({name: set === 'all' ? name : `${name}, ${set ?? 'test'}`, folder, places}, tell);
};

type Places = {readonly name: string; readonly folder: string; readonly places: readonly string[]};

/** Lists the images in the folders of classes of some places, in the order of a source of images. */
const listClassFolders = ({name, folder, places}: Places, tell: (line: string) => void): LabelledImages => {
	const leftOut: string[] = [];
	const found: Array<{file: string; class: string}> = [];
	for (const place of places) {
		for (const entry of listFolder(place).filter(entry => !entry.startsWith('.'))) {
			if (fileType(path.join(place, entry)) !== 'a folder') {
				leftOut.push(path.join(place, entry));
				continue;
			}

			for (const file of listFolder(path.join(place, entry)).filter(file => !file.startsWith('.'))) {
				const whole = path.join(place, entry, file);
				if (isImage(file)) {
					found.push({file: displayPath(whole), class: entry});
				} else {
					leftOut.push(whole);
				}
			}
		}
	}

	if (found.length === 0) {
		const expected = 'a folder for each class, with images such as PNG, JPEG or WebP in it';
		throw wrong(folder, expected, `found ${leftOut.length > 0 ? `only ${displayPath(leftOut[0] ?? '')}` : 'none'}`);
	}

	reportLeftOut(
		leftOut.map(file => displayPath(file)),
		tell,
	);
	reportLinksOut(folder, tell);
	const classes = [...new Set(found.map(image => image.class))].sort(compareText);
	const labels = new Map(classes.map((name, label) => [name, label]));
	found.sort((a, b) => compareImages(a.file, b.file) || compareText(a.class, b.class));
	return labelledFiles(
		{name, classes},
		found.map(image => ({file: image.file, label: labels.get(image.class) ?? 0})),
	);
};
