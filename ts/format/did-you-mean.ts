/** Returns the names that `typed` abbreviates, else the closest ones by edit distance; empty if none is close. */
export const closestNames = (typed: string, names: readonly string[]): string[] => {
	if (typed.length < 3) {
		return []; // close to almost any name
	}

	const abbreviated = names.filter(name => isShortFor(typed, name));
	if (abbreviated.length > 0) {
		return abbreviated;
	}

	const distances = names.map(name => ({name, distance: distance(typed.toLowerCase(), name.toLowerCase())}));
	const least = Math.min(...distances.map(({distance}) => distance));
	const allowed = Math.max(1, Math.floor(typed.length / 3));
	return distances.filter(({distance}) => distance === least && distance <= allowed).map(({name}) => name);
};

/** Returns ` (did you mean A?)` with the closest names; empty if none is close. */
export const didYouMean = (typed: string, names: readonly string[]): string => meant(closestNames(typed, names));

/** Returns ` (did you mean A or B?)`; empty without names. */
export const meant = (names: readonly string[]): string =>
	names.length > 0 ? ` (did you mean ${names.map(name => `\`${name}\``).join(' or ')}?)` : '';

/** Returns whether `typed` is a prefix, a suffix or an abbreviation of a name: `weight-avg` of `weight-averaging`. */
const isShortFor = (typed: string, name: string): boolean => {
	let found = 0;
	for (const letter of name) {
		found += letter === typed[found] ? 1 : 0;
	}

	const skips = typed.length >= 5 && typed[0] === name[0] && found === typed.length;
	return name.startsWith(typed) || name.endsWith(typed) || skips;
};

/** Computes the Damerau-Levenshtein distance: letters to add, remove, change, or swap with the next one. */
const distance = (a: string, b: string): number => {
	const table = Array.from({length: a.length + 1}, (_, row) => [row, ...new Array<number>(b.length).fill(0)]);
	const at = (row: number, column: number): number => table[row]?.[column] ?? Number.POSITIVE_INFINITY;
	table[0] = Array.from({length: b.length + 1}, (_, column) => column);
	for (let row = 1; row <= a.length; row += 1) {
		for (let column = 1; column <= b.length; column += 1) {
			const same = a[row - 1] === b[column - 1];
			const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
			(table[row] ?? [])[column] = Math.min(
				at(row - 1, column) + 1,
				at(row, column - 1) + 1,
				at(row - 1, column - 1) + (same ? 0 : 1),
				swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
			);
		}
	}

	return at(a.length, b.length);
};
