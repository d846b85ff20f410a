import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {closestNames, didYouMean, meant} from '../format/did-you-mean.js';
import {formatValue} from '../format/value.js';
import {isPlainObject} from './plain-object.js';
import {namesAt} from './schema-at.js';

type Issue = z.core.$ZodIssue;

/**
 * Validates a value from outside.
 *
 * @param whole the value's own name in a sentence
 * @throws {ConfigError} for all unknown and missing names, or else for the first value of another type
 */
export const validate = <Value>(shape: z.ZodType<Value>, value: unknown, whole: string): Value => {
	const parsed = shape.safeParse(value);
	if (parsed.success) {
		return parsed.data;
	}

	const issues = parsed.error.issues.flatMap(issue => fittingIssues(issue));
	throw wrongNames(shape, value, issues) ?? wrongValue(value, issues[0], whole);
};

/** Returns an issue; of a union without kinds, the issues of the form whose own type the value has. */
const fittingIssues = (issue: Issue): Issue[] => {
	const forms = issue.code === 'invalid_union' ? issue.errors : [];
	const within = forms.find(([first]) => first && !(first.code === 'invalid_type' && first.path.length === 0));
	return within === undefined
		? [issue]
		: within.flatMap(inner => fittingIssues({...inner, path: [...issue.path, ...inner.path]}));
};

/** Returns the error for names that are unknown or missing; `undefined` if there are none, or a single one is missing. */
const wrongNames = (shape: z.ZodType, value: unknown, issues: readonly Issue[]): ConfigError | undefined => {
	const unknown = issues.flatMap(issue => {
		if (issue.code !== 'unrecognized_keys') {
			return [];
		}

		const known = namesAt(shape, value, issue.path);
		return issue.keys.map(key => ({key, within: issue.path.join('.'), near: closestNames(key, known)}));
	});
	const suggested = unknown.flatMap(({within, near}) => near.map(name => pathOf(within, name)));
	const missing = issues.filter(({path}) => path.length > 0 && isMissing(value, path));
	const others = missing.filter(({path}) => !suggested.includes(path.join('.')));
	if (unknown.length === 0 && missing.length < 2) {
		return undefined;
	}

	const [first] = unknown;
	const sentences = [
		...(unknown.length > 0 ? [unknownSentence(unknown)] : []),
		...(others.length > 0
			? [`missing ${listed(others.map(issue => `\`${issue.path.join('.')}\` (${expectation(issue)})`))}`]
			: []),
	];
	return first
		? new ConfigError(pathOf(first.within, first.key), 'a known name', first.key, sentences.join('; '))
		: new ConfigError(missing[0]?.path.join('.') ?? '', expectation(missing[0]), 'undefined', sentences.join('; '));
};

/** Returns whether a property of an object is missing. */
const isMissing = (value: unknown, path: readonly PropertyKey[]): boolean =>
	isPlainObject(valueAt(value, path.slice(0, -1))) && valueAt(value, path) === undefined;

const wrongValue = (value: unknown, issue: Issue | undefined, whole: string): ConfigError => {
	const setting = issue?.path.join('.') || whole;
	const given = valueAt(value, issue?.path ?? []);
	return wrongChoice(setting, expectation(issue), given, issue ? allowedNames(issue) : []);
};

/**
 * Returns the error for a value, with the names that are similar to it.
 *
 * @param names of valid values
 */
export const wrongChoice = (
	setting: string,
	expected: string,
	value: unknown,
	names: readonly string[],
): ConfigError => {
	const near = typeof value === 'string' ? didYouMean(value, names) : '';
	const got = formatValue(value);
	return new ConfigError(setting, expected, got, `\`${setting}\` should be ${expected}, got ${got}${near}`);
};

/** An unknown name, the path of the object that it is in (empty at the top), and similar known ones. */
type UnknownName = {readonly key: string; readonly within: string; readonly near: readonly string[]};

/**
 * Returns the error for unknown names, with similar known ones.
 *
 * @param within path of the object that they are in; empty at the top
 */
export const unknownNames = (names: readonly string[], known: readonly string[], within = ''): ConfigError => {
	const [first = ''] = names;
	const unknown = names.map(key => ({key, within, near: closestNames(key, known)}));
	return new ConfigError(pathOf(within, first), 'a known name', first, unknownSentence(unknown));
};

const unknownSentence = (unknown: readonly UnknownName[]): string => {
	const each = unknown.map(
		({key, within, near}) => `\`${pathOf(within, key)}\`${meant(near.map(name => pathOf(within, name)))}`,
	);
	return `unknown ${each.length === 1 ? 'name' : 'names'} ${listed(each)}`;
};

const pathOf = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const listed = (parts: readonly string[]): string =>
	parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? '');

/** Returns the names that a value should be one of; none if it should be of another kind. */
const allowedNames = (issue: Issue): string[] => {
	switch (issue.code) {
		case 'invalid_value': {
			return issue.values.map(String);
		}

		case 'invalid_union': {
			const kinds = 'options' in issue ? (issue.options as unknown[]) : [];
			return kinds.filter(kind => kind !== undefined).map(String); // without that of a kind that may be left out
		}

		default: {
			return [];
		}
	}
};

/** Types by zod's names, in words. */
const types: Readonly<Record<string, string>> = {
	array: 'a list',
	object: 'an object',
	boolean: '`true` or `false`',
	string: 'a text',
	number: 'a number',
	record: 'an object',
};

const expectation = (issue: Issue | undefined): string => {
	switch (issue?.code) {
		case 'invalid_value':
		case 'invalid_union': {
			const names = allowedNames(issue);
			const other = issue.message.startsWith('Invalid') ? 'of a known kind' : issue.message;
			return names.length > 0 ? `one of ${names.map(name => `\`${name}\``).join(', ')}` : other;
		}

		case 'invalid_type': {
			return issue.message.startsWith('Invalid input')
				? (types[issue.expected] ?? `of type ${issue.expected}`)
				: issue.message;
		}

		default: {
			return issue?.message ?? 'valid';
		}
	}
};

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown => {
	let current = value;
	for (const key of path) {
		current = (current as Record<PropertyKey, unknown> | undefined)?.[key];
	}

	return current;
};

/** Schemas of common values, each with a description of valid ones. */
export const shapes = {
	/** A whole number, at least 0. */
	count: z.custom<number>(value => Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number, at least 0'),
	/** A whole number, at least 1. */
	some: z.custom<number>(value => Number.isSafeInteger(value) && (value as number) >= 1, 'a whole number, at least 1'),
	/** A mean loss. */
	loss: z.custom<number>(value => Number.isFinite(value) && (value as number) >= 0, 'a number, at least 0'),
	/** Of the likeliest class, so never 0. */
	probability: z.custom<number>(value => (value as number) > 0 && (value as number) <= 1, 'above 0 and at most 1'),
	seconds: z.custom<number>(value => Number.isFinite(value) && (value as number) > 0, 'a number above 0'),
	text: z.custom<string>(value => typeof value === 'string' && value.trim() !== '', 'a text'),
	sha256: z.custom<string>(
		value => typeof value === 'string' && /^[\da-f]{64}$/.test(value),
		'a sha256, 64 hex digits',
	),
	/** A git commit. */
	commit: z.custom<string>(
		value => typeof value === 'string' && /^[\da-f]{40}$/.test(value),
		'a commit, 40 hex digits',
	),
	aFunction: z.custom<(...given: never[]) => unknown>(value => typeof value === 'function', 'a function'),
	signal: z.custom<AbortSignal>(value => value instanceof AbortSignal, 'an AbortSignal'),
	/** As `toISOString` writes it. */
	time: z.custom<string>(
		value => typeof value === 'string' && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value,
		'a time such as `2026-01-31T12:00:00.000Z`',
	),
	engine: z.enum(['fused', 'aten']),
	device: z.enum(['cpu', 'cuda']),
};
