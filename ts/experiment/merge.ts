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
	if (!isPlain(base) || !isPlain(change) || ('kind' in change && change['kind'] !== base['kind'])) {
		return change as Value;
	}

	const merged: Record<string, unknown> = {...base};
	for (const [key, value] of Object.entries(change)) {
		if (value === undefined) {
			delete merged[key];
		} else {
			merged[key] = key in base ? merge(base[key], value) : value;
		}
	}

	return merged as Value;
};

/** Whether a value is an object of named parts, rather than a list or a single value. */
export const isPlain = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
