import {isPlainObject} from '../validation/plain-object.js';

/**
 * A change of an experiment: any of its parts, at any depth. A list is replaced as a whole; `undefined` removes a part.
 */
export type Change<Value> = Value extends readonly unknown[]
	? Value
	: Value extends object
		? {[Key in keyof Value]?: Change<Value[Key]> | undefined}
		: Value;

/** Returns `base` with the parts of `change` replaced. A part whose `kind` changes is replaced as a whole. */
export const merge = <Value>(base: Value, change: Change<Value>): Value => {
	if (!isPlainObject(base) || !isPlainObject(change) || ('kind' in change && change['kind'] !== base['kind'])) {
		return change as Value;
	}

	// A map, since assigning `__proto__` to an object sets no property, and every object has a `toString`.
	const merged = new Map<string, unknown>(Object.entries(base));
	for (const [key, value] of Object.entries(change)) {
		if (value === undefined) {
			merged.delete(key);
		} else {
			merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value);
		}
	}

	return Object.fromEntries(merged) as Value;
};
