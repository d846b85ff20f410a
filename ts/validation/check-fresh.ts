import {z} from 'zod';
import {validate} from './validate.js';

const shape = z.object({fresh: z.boolean()});

/** @throws {ConfigError} for what is no boolean: a word such as `'no'` counts as true, and what was there before would go */
export const checkFresh = (fresh: unknown): void => {
	validate(shape, {fresh}, 'options');
};
