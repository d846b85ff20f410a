/** Freezes a value and everything in it, so that no caller can change it for the others. */
export const deepFreeze = <Value>(value: Value): Value => {
	if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const part of Object.values(value)) {
			deepFreeze(part);
		}
	}

	return value;
};
