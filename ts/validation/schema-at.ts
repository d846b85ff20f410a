import {z} from 'zod';
import {isPlainObject, ownProperty} from './plain-object.js';

/**
 * Returns the names that an object within a value may have; none if the schema has no object there.
 *
 * @param path of the object within the value
 */
export const namesAt = (schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): string[] => {
	const [key, ...rest] = path;
	const found = fitting(schema, value);
	if (found instanceof z.ZodObject) {
		const {shape} = found;
		if (key === undefined) {
			return Object.keys(shape);
		}

		const inner = shape[String(key)];
		return inner && isPlainObject(value) ? namesAt(inner, ownProperty(value, String(key)), rest) : [];
	}

	return found instanceof z.ZodArray && Array.isArray(value) && key !== undefined
		? namesAt(found.element, value[Number(key)], rest)
		: [];
};

/** Returns the schema for a value within wrappers and unions: of a union with kinds, that of the value's kind. */
const fitting = (schema: z.core.$ZodType, value: unknown): z.core.$ZodType => {
	if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
		return fitting(schema.unwrap(), value);
	}

	if (schema instanceof z.ZodLazy) {
		return fitting(schema.unwrap(), value);
	}

	if (schema instanceof z.ZodUnion) {
		const options = schema.options.map(option => fitting(option, value));
		return options.find(option => isFor(option, value)) ?? schema;
	}

	return schema;
};

const isFor = (schema: z.core.$ZodType, value: unknown): boolean => {
	if (schema instanceof z.ZodArray) {
		return Array.isArray(value);
	}

	if (!(schema instanceof z.ZodObject && isPlainObject(value))) {
		return false;
	}

	const kind = schema.shape['kind'];
	return kind === undefined || z.safeParse(kind, value['kind']).success;
};
