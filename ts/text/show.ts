/** A value as an error message shows it, with its type where that is what may be wrong. */
export const show = (value: unknown): string => {
	switch (typeof value) {
		case 'string': {
			return `${JSON.stringify(value)} (a string)`;
		}

		case 'number':
		case 'undefined':
		case 'boolean': {
			return String(value);
		}

		default: {
			const text = JSON.stringify(value) ?? typeof value;
			return text.length > 60 ? `${text.slice(0, 57)}...` : text;
		}
	}
};
