import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import type {Preregistration, TestImageChanges} from '../claims/preregistration.js';
import type {Data} from '../data/data.js';
import {RecordError} from '../errors/index.js';
import {makeFolders} from '../fs/make-folders.js';
import {parseRecordJson, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeUserFile} from '../fs/write-user-file.js';
import type {LedgerLine} from '../ledger/events.js';
import {fileHash} from '../ledger/ledger.js';
import {shapes} from '../validation/validate.js';

/**
 * The file with the test images of a ladder's first record, one by one: a line about the data, then a line a class with the hashes
 * of its images in Base64, in order. With six bytes an image, 10,000 images take 80 KB.
 */
export const testImagesFile = (ladder: string): string => path.join(ladder, 'records', 'test-images.jsonl');

/** Bytes of an image's SHA-256 that are kept: among a million images, two are taken for one in one ladder of 500. */
const length = 6;

const head = z.strictObject({format: z.literal(1), data: shapes.sha256, images: shapes.count});
const ofClass = z.strictObject({
	class: z.string(),
	images: z.custom<string>(
		value => typeof value === 'string' && /^[\w+/]*$/.test(value) && value.length % ((length * 4) / 3) === 0,
		'hashes in Base64',
	),
});

/** Test images by the hash of their pixels: for each, the number of images in each class. */
type Images = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The test images of a ladder's first record; `data` is the hash of all its images. */
type FirstImages = {readonly data: string; readonly images: Images};

/**
 * Writes the test images of a ladder's first record, unless the ledger has them. A file that it doesn't have is replaced: a killed
 * process left it, or somebody who wants other images to be the first.
 *
 * @param lines of the ledger, which has the hash of the file
 * @returns the hash of the file
 * @throws {RecordError} if the file was written before, and is missing or was changed
 * @throws {WriteError}
 */
export const keepTestImages = (ladder: string, data: Data, lines: readonly LedgerLine[]): string => {
	const file = testImagesFile(ladder);
	const problem = testImagesProblem(ladder, lines);
	if (problem !== undefined) {
		throw new RecordError(file, problem);
	}

	if (notedHash(lines) === undefined) {
		wrapWriteErrors(`the test images in ${file}`, file, () => {
			makeFolders(path.dirname(file));
			writeUserFile(file, asText(data)); // the records of two steps may write it at once
		});
	}

	return fileHash(file);
};

/** Says how the file differs from the one that the ledger has; `undefined` if it does not, or the ledger has none. */
export const testImagesProblem = (ladder: string, lines: readonly LedgerLine[]): string | undefined => {
	const noted = notedHash(lines);
	if (noted === undefined) {
		return undefined;
	}

	const file = testImagesFile(ladder);
	return !existsSync(file)
		? 'it is missing, which has the test images of the ladder’s first record: restore it'
		: fileHash(file) === noted
			? undefined
			: 'it is not what was written with the ladder’s first record: restore it';
};

const notedHash = (lines: readonly LedgerLine[]): string | undefined =>
	lines.flatMap(line => (line.event === 'promised' ? (line.testImages ?? []) : [])).at(0);

/**
 * Compares the test images of a ladder's first record with those of data.
 *
 * @returns the number of images that are missing, were added, or have another class; `undefined` if they are the same
 * @throws {RecordError} if the file is damaged
 */
export const compareTestImages = (ladder: string, data: Data): TestImageChanges | undefined => {
	const first = readTestImages(testImagesFile(ladder));
	if (first.data === data.hash) {
		return undefined;
	}

	const now = imagesOf(data);
	const changes = {missing: 0, added: 0, relabelled: 0};
	for (const hash of new Set([...first.images.keys(), ...now.keys()])) {
		const [before, after] = [first.images.get(hash), now.get(hash)];
		const [was, is] = [countOf(before), countOf(after)];
		const alike = [...(before ?? [])].reduce((sum, [name, count]) => sum + Math.min(count, after?.get(name) ?? 0), 0);
		changes.missing += Math.max(0, was - is);
		changes.added += Math.max(0, is - was);
		changes.relabelled += Math.min(was, is) - alike;
	}

	return Object.values(changes).some(count => count > 0) ? changes : undefined;
};

const countOf = (classes: ReadonlyMap<string, number> | undefined): number =>
	[...(classes?.values() ?? [])].reduce((sum, count) => sum + count, 0);

/** Returns each test image of data. An image is the same if all its pixels are, whatever its file was called. */
const imagesOf = (data: Data): Images => {
	const labels = data.testLabels();
	const images = new Map<string, Map<string, number>>();
	for (let index = 0; index < data.test; index += 1) {
		const hash = createHash('sha256').update(data.testImage(index)).digest().subarray(0, length).toString('base64');
		const name = data.classes[labels[index] ?? 0] ?? '';
		const classes = images.get(hash) ?? new Map<string, number>();
		images.set(hash, classes.set(name, (classes.get(name) ?? 0) + 1));
	}

	return images;
};

const asText = (data: Data): string => {
	const images = imagesOf(data);
	const lines = data.classes.map(name => ({
		class: name,
		images: [...images]
			.flatMap(([hash, classes]) => Array.from({length: classes.get(name) ?? 0}, () => hash))
			.toSorted()
			.join(''),
	}));
	return [{format: 1, data: data.hash, images: data.test}, ...lines].map(line => `${JSON.stringify(line)}\n`).join('');
};

const readTestImages = (file: string): FirstImages => {
	const [first = '', ...lines] = readRecordText(file).trimEnd().split('\n');
	const {data} = parseRecordJson(head, `${file}, line 1`, first, 'line');
	const images = new Map<string, Map<string, number>>();
	for (const [index, line] of lines.entries()) {
		const {class: name, images: hashes} = parseRecordJson(ofClass, `${file}, line ${index + 2}`, line, 'line');
		for (const hash of hashes.match(/.{8}/g) ?? []) {
			const classes = images.get(hash) ?? new Map<string, number>();
			images.set(hash, classes.set(name, (classes.get(name) ?? 0) + 1));
		}
	}

	return {data, images};
};

/** Says how the test images of a record differ from those of its ladder's first; empty if they don't. */
export const testImagesSentence = ({testImages, data}: Preregistration): string[] => {
	if (!testImages) {
		return [];
	}

	const {missing, added, relabelled} = testImages;
	const are = (count: number, one: string, several: string): string[] =>
		count === 0 ? [] : [`${count.toLocaleString('en')} ${count === 1 ? one : several}`];
	const parts = [
		...are(missing, 'is missing', 'are missing'),
		...are(added, 'was added', 'were added'),
		...are(relabelled, 'has another class', 'have another class'),
	];
	return [
		`The ${data.test.toLocaleString('en')} test images are not those of the ladder’s first record: ${parts.join(', ')}.`,
	];
};
