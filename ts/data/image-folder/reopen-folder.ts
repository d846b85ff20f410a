import type {DataOrigin, DataSource} from '../data.js';
import {type ImageFolderOptions, imageFolder} from './image-folder.js';

/**
 * Returns the source that a run keeps the description of.
 *
 * @throws {ConfigError} for options that this version does not know
 */
export const reopenFolder = ({imageFolder: folder, options, skipDamaged}: DataOrigin): DataSource => {
	const {group, ...others} = options as Partial<ImageFolderOptions> & {
		readonly group?: {readonly pattern: string; readonly flags: string};
	};
	const source = imageFolder(folder, {
		...(others as ImageFolderOptions),
		...(group && {group: new RegExp(group.pattern, group.flags)}),
	});
	return {open: async (base, given) => source.open(base, {...given, skipDamaged})};
};
