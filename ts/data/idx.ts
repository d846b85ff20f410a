import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkClasses, checkForm, type DataSource, type ImageForm, readIdx} from './data.js';

/**
 * Four IDX files of a folder, named as MNIST's are, plain or `.gz`: square images of one channel
 * (`train-images-idx3-ubyte`) or three (`train-images-idx4-ubyte`: count, channels, rows, columns), and labels.
 *
 * @param options `classes`: what the classes are called, in the order of their labels, by their numbers where left out;
 * `form`: `mnist-digits` where they are digits in the form of MNIST's: `predict` then brings other images to it
 */
export const idx = (
	folder: string,
	options: {readonly classes?: readonly string[]; readonly form?: ImageForm} = {},
): DataSource => {
	const {classes, form} = options ?? {};
	if (typeof folder !== 'string') {
		throw new ConfigError('folder', 'a path', formatValue(folder));
	}

	checkClasses(classes);
	checkForm(form);
	return {
		async open(base) {
			const place = path.resolve(base, folder);
			return readIdx(path.basename(place), place, undefined, {classes, form});
		},
	};
};
