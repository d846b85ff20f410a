import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {packageVersion} from '../platform/package-root.js';

/**
 * What a run's folder looks like. 1 said nothing of its format; 2 names it, keeps the folder of the images from the root on,
 * and says which seeds were started together. Both are read as they are.
 */
export const runFormat = 2;

/**
 * @param config what a run's `config.json` holds
 * @throws {ConfigError} for a run of a format that this version does not know, naming both versions
 */
export const checkFormat = (folder: string, config: unknown): void => {
	const {format = 1, versions} = (config ?? {}) as {format?: unknown; versions?: {stepladder?: unknown}};
	if (format !== 1 && format !== runFormat) {
		const by = versions?.stepladder;
		throw new ConfigError(
			'format',
			`1 to ${runFormat}`,
			formatValue(format),
			`${folder} is a run of format ${formatValue(format)}${typeof by === 'string' ? `, written by stepladder ${by}` : ''}; ` +
				`stepladder ${packageVersion()} reads formats 1 to ${runFormat}: use a version that knows it`,
		);
	}
};
