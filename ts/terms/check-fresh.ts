import {z} from 'zod';
import {judged} from './judged.js';

const shape = z.object({fresh: z.boolean()});

/** @throws {ConfigError} for what is no boolean: a word such as `'no'` counts as true, and what was there before would go */
export const checkFresh = (fresh: unknown): void => {
	judged(shape, {fresh}, 'options');
};
