import process from 'node:process';
import envPaths from 'env-paths';

/** The folder for what can be made again: `STEPLADDER_CACHE`, or the platform's own place for caches. */
export const cacheFolder = (): string => process.env['STEPLADDER_CACHE'] || envPaths('stepladder', {suffix: ''}).cache;
