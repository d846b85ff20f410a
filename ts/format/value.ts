/** A setting as a step's file spells it; `none` where it is not there. */
export const formatSetting = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

/** A value as an error message shows it, with its type where that is what may be wrong. */
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

/** A value as JSON, or what kind it is where JSON can't say it. */
const asJson = (value: unknown): string => {
	try {
		return (
			JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? typeof value
		);
	} catch {
		return `an ${typeof value} that can’t be shown`; // it holds itself, or throws when it is asked
	}
};

/** What was thrown, as text. It may be anything, such as an object that has none. */
export const formatThrown = (thrown: unknown): string => {
	try {
		return String(thrown);
	} catch {
		return `${formatValue(thrown)} was thrown`;
	}
};
