import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {isExpectedError} from '../errors/is-expected-error.js';
import {formatThrown} from '../format/value.js';
import {abortable} from '../platform/abort.js';
import {isPath} from '../validation/check-path.js';
import {shapes, validate} from '../validation/validate.js';
import {type Data, type DataSource, imageForms, type OpenOptions} from './data.js';

const data = z.object(
	{
		name: shapes.text,
		channels: shapes.some,
		size: shapes.some,
		classes: z.array(z.string('a text'), 'a list of names'),
		train: shapes.some,
		validation: shapes.some.optional(),
		test: shapes.some,
		hash: shapes.text,
		findings: z.object({}, 'counts by kind').optional(),
		form: z.enum(imageForms).optional(),
		decoder: shapes.text.optional(),
		idx: z.object(
			{folder: z.custom<string>(isPath, 'a path'), hashes: z.array(shapes.sha256, 'a list').length(4, 'four of them')},
			'the folder of four IDX files, with their hashes',
		),
		testLabels: shapes.aFunction,
		testImage: shapes.aFunction,
	},
	'what `idx(FOLDER).open()` gives',
);

/**
 * Opens a source, which may be of the user's own making.
 *
 * @throws {AbortError} where the options' signal says stop
 * @throws {ConfigError} naming all that is missing in what it gives, or else the first value of another type, and where it throws
 * something else than an error of ours or the system's
 */
export const openData = async (source: DataSource, base: string, options?: OpenOptions): Promise<Data> => {
	const opened = await abortable(opening(source, base, options), options?.signal);
	validate(z.object({'data.open()': data}), {'data.open()': opened}, 'data');
	return opened;
};

const opening = async (source: DataSource, base: string, options?: OpenOptions): Promise<Data> => {
	try {
		return await source.open(base, options);
	} catch (error) {
		if (isExpectedError(error)) {
			throw error;
		}

		const sentence = `the data could not be opened: its \`open\` threw: ${formatThrown(error)}`;
		throw new ConfigError('data', 'a source that opens', formatThrown(error), sentence, {cause: error});
	}
};
