/** Formats a setting as in a step's file; `none` if it is missing. */
export const formatSetting = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

/** Formats a value for an error message, with its type if that may be the mistake. */
export const formatValue = (value: unknown): string => {
	switch (typeof value) {
		case 'string': {
			return `${JSON.stringify(value)} (a string)`;
		}

		case 'number':
		case 'undefined':
		case 'boolean': {
			return String(value);
		}

		case 'bigint': {
			return `${value}n (a bigint)`;
		}

		default: {
			const text = asJson(value);
			return text.length > 60 ? `${text.slice(0, 57)}...` : text;
		}
	}
};

/** Converts a value to JSON, or names its type if that is impossible. */
const asJson = (value: unknown): string => {
	try {
		return (
			JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? typeof value
		);
	} catch {
		return `an ${typeof value} that can’t be shown`; // it contains itself, or its `toJSON` throws
	}
};

/** Converts a thrown value to text. It may be anything, even an object without `toString`. */
export const formatThrown = (thrown: unknown): string => {
	try {
		return String(thrown);
	} catch {
		return `${formatValue(thrown)} was thrown`;
	}
};
