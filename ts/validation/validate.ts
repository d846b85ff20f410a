import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {didYouMean} from '../format/did-you-mean.js';
import {formatValue} from '../format/value.js';

/**
 * Validates a value from outside.
 *
 * @param whole the value's own name in a sentence
 * @throws {ConfigError} for the first error
 */
export const validate = <Value>(shape: z.ZodType<Value>, value: unknown, whole: string): Value => {
	const parsed = shape.safeParse(value);
	if (parsed.success) {
		return parsed.data;
	}

	const issue = parsed.error.issues[0];
	const setting = issue?.path.join('.') || whole;
	if (issue?.code === 'unrecognized_keys') {
		const [key = ''] = issue.keys;
		const beside = Object.keys(valueAt(value, issue.path) as object).filter(name => !issue.keys.includes(name));
		throw unknownName(key, beside, issue.path.join('.'));
	}

	throw new ConfigError(setting, expectation(issue), formatValue(valueAt(value, issue?.path ?? [])));
};

/**
 * Returns the error for an unknown name, with similar known ones.
 *
 * @param within path of the object that it is in; empty at the top
 */
export const unknownName = (name: string, known: readonly string[], within = ''): ConfigError => {
	const at = (key: string): string => (within === '' ? key : `${within}.${key}`);
	const meant = didYouMean(name, known, at);
	return new ConfigError(at(name), 'a known name', name, `unknown name \`${at(name)}\`${meant}`);
};

const expectation = (issue: z.core.$ZodIssue | undefined): string => {
	switch (issue?.code) {
		case 'invalid_value': {
			return `one of ${issue.values.map(value => `\`${String(value)}\``).join(', ')}`;
		}

		case 'invalid_union': {
			const kinds = 'options' in issue ? (issue.options as unknown[]) : [];
			return kinds.length > 0 ? `one of ${kinds.map(kind => `\`${String(kind)}\``).join(', ')}` : 'of a known kind';
		}

		case 'invalid_type': {
			return issue.message.startsWith('Invalid input') ? `of type ${issue.expected}` : issue.message;
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
	signal: z.custom<AbortSignal>(value => value instanceof AbortSignal, 'an AbortSignal'),
	/** As `toISOString` writes it. */
	time: z.custom<string>(
		value => typeof value === 'string' && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value,
		'a time such as `2026-01-31T12:00:00.000Z`',
	),
	engine: z.enum(['fused', 'aten']),
	device: z.enum(['cpu', 'cuda']),
};
