import {type Data, type DataSource, dataOf, describe, readIdx} from '../data/data.js';
import {reopenFolder} from '../data/image-folder/reopen-folder.js';
import {openData} from '../data/open-data.js';
import {DataError} from '../errors/index.js';
import {displayPath} from '../format/command-line.js';

/**
 * Returns the source of a run's data: the files that it was trained on, or, where those are gone or have changed, the ladder's
 * data again, which have to be the same.
 *
 * @param run folder of the run, for sentences
 * @param stored what its `config.json` says
 * @param ladderData where the images come from; by default the folder of image files that they were decoded from, if they were
 */
export const storedData = (run: string, stored: Data, ladderData: DataSource | undefined): DataSource => ({
	async open(base, options) {
		const problem = await problemOf(stored);
		if (problem === undefined) {
			return stored;
		}

		const source = ladderData ?? (stored.origin && reopenFolder(stored.origin));
		if (source === undefined) {
			const {message, path, expected, got} = problem;
			const advice = 'open its data again by `resume(folder, {data})`, such as with `ladder.data`';
			throw new DataError(`${displayPath(run)} can’t be resumed: ${message}; ${advice}`, path, expected, got);
		}

		const {hash, idx, name} = await openData(source, base, options);
		if (hash !== stored.hash) {
			const [before, now] = [stored.hash, hash].map(hash => hash.slice(0, 10));
			const sentence =
				`${displayPath(run)} can’t be resumed: the images of \`${name}\` have changed since it began ` +
				`(sha256 ${before}... then, ${now}... now): restore them, or train the step again`;
			throw new DataError(sentence, idx.folder, `images with sha256 ${stored.hash}`, hash);
		}

		return dataOf(describe(stored), idx, stored); // names of classes are those that the run began with
	},
});

/** Returns why files are not the ones that a run was trained on; `undefined` if they are. */
const problemOf = async ({name, idx, classes}: Data): Promise<DataError | undefined> => {
	try {
		await readIdx(name, idx.folder, idx.hashes, {classes});
		return undefined;
	} catch (error) {
		if (error instanceof DataError) {
			return error;
		}

		throw error;
	}
};
