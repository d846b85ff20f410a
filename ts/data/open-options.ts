import {z} from 'zod';
import {shapes, validate} from '../validation/validate.js';
import type {OpenOptions} from './data.js';

const shape = {
	skipDamaged: z.boolean().optional(),
	tell: shapes.aFunction.optional(),
	signal: shapes.signal.optional(),
} satisfies Record<keyof OpenOptions, z.ZodType>;

/** The names of the options of opening, for functions that take others beside them. */
export const openOptionNames = Object.keys(shape) as ReadonlyArray<keyof OpenOptions>;

/** @throws {ConfigError} for options of opening that are unknown or of another type */
export const checkOpenOptions = (options: unknown = {}): void => {
	validate(z.strictObject(shape, 'an object'), options, 'options');
};
