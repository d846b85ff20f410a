import {createHash} from 'node:crypto';
import {cacheImages, type ImageSet, writeIdx} from './cache.js';
import type {Data, OpenOptions} from './data.js';
import {reportSurvey} from './findings.js';

/** Images in memory, as the four IDX files will hold them. */
export type ImageSets = {
	/** For people. */
	readonly name: string;
	readonly channels: number;
	readonly size: number;
	/** Names of the classes, in the order of their labels; by their numbers if `undefined`. */
	readonly classes: readonly string[] | undefined;
	readonly train: ImageSet;
	readonly validation?: ImageSet | undefined;
	readonly test: ImageSet;
};

/** An entry of images that were in memory is named by their hash: it is never out of date. */
const inMemory = {id: 'memory'};

/** Writes images to the cache, unless it has them, and opens them there. */
export const openSets = async (sets: ImageSets, {tell = () => {}, signal}: OpenOptions = {}): Promise<Data> => {
	const {name, channels, size, classes, train, validation, test} = sets;
	const hash = createHash('sha256').update(`${channels} ${size} ${train.labels.length}\n`);
	for (const {images, labels} of [train, test, ...(validation ? [validation] : [])]) {
		hash.update(images).update(labels);
	}

	const key = `arrays-${hash.digest('hex').slice(0, 32)}`;
	const entry = {key, source: inMemory, name, classes, tell, signal};
	const {data, survey} = await cacheImages(entry, async folder => {
		writeIdx(folder, {channels, size}, validation ? [train, validation] : [train], test);
		return {leftOut: [], ...(validation && {validation: validation.labels.length})};
	});
	reportSurvey(survey, data.classes, tell);
	return data;
};
