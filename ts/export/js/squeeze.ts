/**
 * Removes what JavaScript can do without: white space, `Math.` before its functions, `const` between
 * declarations, and semicolons at the ends of blocks. For code
 * without comments, regular expressions, and texts with white space or punctuation in them.
 *
 * @param source of statements or of an expression, which runs after {@link mathNames}
 */
export const squeezed = (source: string): string => {
	const dense = source
		.replaceAll(/\s+/g, ' ')
		.replaceAll(/ ?([-+*/%<>=!?:&|,;(){}[\]]) ?/g, '$1')
		.replaceAll(/\bMath\.(?=\w)/g, '')
		.replaceAll(';}', '}');
	return joined(dense);
};

/** Joins declarations that follow each other. */
const joined = (source: string): string => {
	const once = source.replace(/(const [^;{}]*);const /g, '$1,');
	return once === source ? source : joined(once);
};

/** Returns the statement that declares the functions of `Math` that a source has. */
export const mathNames = (source: string): string => {
	const names = new Set([...source.matchAll(/\bMath\.(\w+)/g)].map(([, name]) => name));
	return `const {${[...names].join()}}=Math;`;
};
