import {z} from 'zod';
import {validate} from './validate.js';

const shape = z.object({fresh: z.boolean()});

/** @throws {ConfigError} if it is no boolean: a word such as `'no'` would count as true, and earlier results be replaced */
export const checkFresh = (fresh: unknown): void => {
	validate(shape, {fresh}, 'options');
};
