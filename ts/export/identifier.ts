import path from 'node:path';
import {ConfigError} from '../errors/index.js';
import {tryReadConfig} from '../runs/config.js';

/** Words that C99, C++ or JavaScript reserve, or that the exported code uses itself. */
const reserved = new Set(
	`alignas alignof and asm auto await bool break case catch char class compl const constexpr continue debugger decltype default
	delete do double else enum eval arguments explicit export extends extern false finally float for friend function goto if
	implements import in inline instanceof int interface let long main mutable namespace new noexcept not null nullptr operator or
	package private protected public register restrict return short signed sizeof static struct super switch template this throw
	true try typedef typeid typename typeof union unsigned using var virtual void volatile wchar_t while with xor yield`.split(
		/\s+/,
	),
);

/** The longest name: compilers of C99 tell 31 characters of a name apart, and functions get endings of their own. */
const longest = 24;

const isIdentifier = (name: string): boolean =>
	/^[A-Za-z]\w*$/.test(name) && name.length <= longest && !reserved.has(name);

/**
 * Checks a name for an export.
 *
 * @throws {ConfigError} if C or JavaScript could not name something so
 */
export const checkIdentifier = (name: string): void => {
	if (!isIdentifier(name)) {
		const expected = `a letter and then letters, digits or \`_\`, at most ${longest} in all, and no word that C or JavaScript reserves`;
		throw new ConfigError('name', expected, `\`${name}\``);
	}
};

/** Returns an identifier for a model: after the step of its run, else after its file. */
export const identifierOf = (file: string): string => {
	const run = tryReadConfig(path.dirname(file));
	const base = run?.step.name ?? path.basename(file, path.extname(file));
	const name = base
		.replaceAll(/\W+/g, '_')
		.replaceAll(/^_+|_+$/g, '')
		.slice(0, longest)
		.toLowerCase();
	return isIdentifier(name) ? name : 'model';
};
