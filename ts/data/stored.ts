import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {checkForm, type Data, type DataDescription, dataOf, describeWithFindings, type IdxFolder} from './data.js';
import {checkPreparation} from './decode/preparation.js';

/** Data as a file keeps them: their description, and where their files are. */
export type StoredData = DataDescription & {readonly idx: IdxFolder} & Pick<Data, 'form' | 'preparation' | 'origin'>;

/** Returns data as a file keeps them. */
export const storeData = (data: Data): StoredData => ({
	...describeWithFindings(data),
	idx: {...data.idx, folder: path.resolve(data.idx.folder)},
	form: data.form,
	preparation: data.preparation,
	origin: data.origin,
});

/**
 * Returns the data that a file keeps, without reading theirs.
 *
 * @throws {ConfigError} if they are none
 */
export const restoreData = (stored: StoredData): Data => {
	if (!Array.isArray(stored?.classes) || typeof stored.idx?.folder !== 'string' || stored.idx.hashes?.length !== 4) {
		throw new ConfigError('data', 'the data of a run', formatValue(stored));
	}

	const {idx, form, preparation, origin, ...description} = stored;
	checkForm(form);
	checkPreparation(preparation);
	return dataOf(description, idx, {form, preparation, origin});
};
