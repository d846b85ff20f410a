import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import {show} from '../text/show.js';
import {checkClasses, type DataSource, readIdx} from './data.js';

/**
 * Four IDX files of a folder, named as MNIST's are, plain or `.gz`: square images of one channel
 * (`train-images-idx3-ubyte`) or three (`train-images-idx4-ubyte`: count, channels, rows, columns), and labels.
 *
 * @param classes what the classes are called, in the order of their labels; by their numbers where left out
 */
export const idx = (folder: string, {classes}: {readonly classes?: readonly string[]} = {}): DataSource => {
	if (typeof folder !== 'string') {
		throw new ConfigError('folder', 'a path', show(folder));
	}

	checkClasses(classes);
	return {
		async open(base) {
			const place = path.resolve(base, folder);
			return readIdx(path.basename(place), place, undefined, classes);
		},
	};
};
