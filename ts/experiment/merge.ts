import {isPlainObject} from '../validation/plain-object.js';

/**
 * What a step may say of what it changes: any part of the experiment, at any depth. Lists are replaced whole, and
 * `undefined` takes a part away.
 */
export type Change<Value> = Value extends readonly unknown[]
	? Value
	: Value extends object
		? {[Key in keyof Value]?: Change<Value[Key]> | undefined}
		: Value;

/** `base` with `change` laid over it. A part whose `kind` changes is replaced whole. */
export const merge = <Value>(base: Value, change: Change<Value>): Value => {
	if (!isPlainObject(base) || !isPlainObject(change) || ('kind' in change && change['kind'] !== base['kind'])) {
		return change as Value;
	}

	// By entries, since to assign `__proto__` would set no setting, and by own names, since every object has a `toString`.
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
