import {sourceOf} from '../data/data.js';
import {readImageNames} from '../data/image-names.js';
import {isExpectedError} from '../errors/is-expected-error.js';
import {evaluate} from '../model/evaluate/evaluate.js';
import {imagesOfData} from '../model/evaluate/open-images.js';
import {loadModel} from '../model/load-model.js';
import {photoUri} from '../report/page/images.js';
import type {LiveRun} from './live-run.js';

/** A validation image that a seed gets wrong. */
export type WrongImage = {
	/** Its file, or its number among the validation images. */
	readonly name: string;
	/** Names of its class and of the predicted one. */
	readonly class: string;
	readonly predicted: string;
	/** The probability of the predicted class. */
	readonly probability: number;
	/** The image as a data URI. */
	readonly picture: string;
};

/** Images that are shown of a seed. */
const mostShown = 12;

/** Larger sets are not read for a page: their images would take this many bytes of memory beside the training. */
const mostBytes = 2 ** 28;

/** Returns why a run has no validation images to show; `undefined` if it has some. */
export const withoutImages = ({data: {validation, train, channels, size}}: LiveRun): string | undefined =>
	validation === undefined
		? 'the data have no validation set'
		: (train + validation) * channels * size ** 2 > mostBytes
			? 'the set is too large to be read beside the training'
			: undefined;

/**
 * Evaluates the model of a finished run on the data's validation set.
 *
 * @returns the images that it gets wrong with the highest probability, those first; why there are none if they can't be read
 */
export const surelyWrong = async (run: LiveRun, signal: AbortSignal): Promise<readonly WrongImage[] | string> => {
	const {folder, data} = run;
	try {
		const {classes, images} = await evaluate(folder, sourceOf(data), {set: 'validation', threads: 1, signal});
		const wrong = [...images.entries()]
			.filter(([, {rank}]) => rank > 1)
			.toSorted(([, a], [, b]) => b.probability - a.probability)
			.slice(0, mostShown);
		const pictures = [...(await imagesOfData(data, {set: 'validation'})).list(await loadModel(folder))];
		const names = readImageNames(data.idx.folder, data.test)?.validation;
		return await Promise.all(
			wrong.map(async ([index, {label, predicted, probability}]) => ({
				...{name: names?.[index] ?? `#${index}`, class: classes[label] ?? String(label)},
				...{predicted: classes[predicted] ?? String(predicted), probability},
				picture: await photoUri((await pictures[index]?.read())?.pixels ?? new Uint8Array(), data),
			})),
		);
	} catch (error) {
		if (!isExpectedError(error)) {
			throw error;
		}

		return error.message;
	}
};
