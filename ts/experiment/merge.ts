import {ConfigError} from '../errors/index.js';
import {isPlainObject} from '../validation/plain-object.js';

/**
 * A change of an experiment: any of its parts, at any depth; `undefined` removes a part. A list is replaced as a whole by a
 * list. An object of indices changes items of it: `{2: {channels: 12}}` the third, `undefined` removes one, and the index
 * after the last appends one.
 */
export type Change<Value> = Value extends readonly (infer Item)[]
	? Value | {readonly [index: number]: Change<Item> | undefined; readonly length?: never}
	: Value extends object
		? {[Key in keyof Value]?: Change<Value[Key]> | undefined}
		: Value;

/**
 * Returns `base` with the parts of `change` replaced. A part whose `kind` changes is replaced as a whole.
 *
 * @param path of `base` in sentences; empty for the whole
 * @throws {ConfigError} for an index beyond a list
 */
export const merge = <Value>(base: Value, change: Change<Value>, path = ''): Value => {
	if (Array.isArray(base) && isPlainObject(change) && Object.keys(change).every(isIndex)) {
		return mergeItems(base, change, path) as Value;
	}

	if (!isPlainObject(base) || !isPlainObject(change) || ('kind' in change && change['kind'] !== base['kind'])) {
		return change as Value;
	}

	// A map, since assigning `__proto__` to an object sets no property, and every object has a `toString`.
	const merged = new Map<string, unknown>(Object.entries(base));
	for (const [key, value] of Object.entries(change)) {
		if (value === undefined) {
			merged.delete(key);
		} else {
			merged.set(key, merged.has(key) ? merge(merged.get(key), value, pathOf(path, key)) : value);
		}
	}

	return Object.fromEntries(merged) as Value;
};

/** Returns whether a name in a path is the index of an item of a list. */
export const isIndex = (name: string): boolean => /^(?:0|[1-9]\d*)$/.test(name);

/** Changes items of a list. Indices are those of the list as it was, whatever is removed. */
const mergeItems = (base: readonly unknown[], change: Readonly<Record<string, unknown>>, path: string): unknown[] => {
	const items = [...base];
	for (const [name, value] of Object.entries(change)) {
		const index = Number(name);
		const last = value === undefined ? base.length - 1 : items.length;
		if (index > last) {
			throw beyond(path, base.length, name);
		}

		items[index] = index < base.length && value !== undefined ? merge(base[index], value, pathOf(path, name)) : value;
	}

	return items.filter(item => item !== undefined);
};

const beyond = (path: string, length: number, index: string): ConfigError => {
	const indices =
		length === 0 ? '0 to add the first item' : `an index from 0 to ${length - 1}, or ${length} to add an item`;
	const got = `\`${path}\` has ${length} ${length === 1 ? 'item' : 'items'}: expected ${indices}, got ${index}`;
	return new ConfigError(pathOf(path, index), indices, index, got);
};

const pathOf = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
