/** Freezes a value with all that is in it: nobody who is handed it can change it for the others. */
export const freeze = <Value>(value: Value): Value => {
	if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const part of Object.values(value)) {
			freeze(part);
		}
	}

	return value;
};
