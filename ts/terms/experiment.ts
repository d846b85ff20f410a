import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import type {
	Augmentation,
	Averaging,
	Block,
	CycleMomentum,
	Experiment,
	Layer,
	Net,
	Optimizer,
	Schedule,
} from '../native/binding.js';
import {show} from '../text/show.js';

export type {Augmentation, Averaging, Block, CycleMomentum, Experiment, Layer, Net, Optimizer, Schedule};

/** Any number at all: which ones make sense is the trainer's to judge, so that there is one place that knows. */
const number = z.custom<number>(value => typeof value === 'number', 'a number');

const layer = z.discriminatedUnion('kind', [
	z.strictObject({kind: z.literal('block'), channels: number, kernel: number, padding: number}),
	z.strictObject({kind: z.literal('conv'), channels: number, kernel: number, padding: number, bias: z.boolean()}),
	z.strictObject({kind: z.literal('max-pool'), kernel: number}),
	z.strictObject({kind: z.literal('average-pool'), kernel: number}),
	z.strictObject({kind: z.literal('flatten')}),
]);

const net = z.strictObject({
	channels: number,
	size: number,
	classes: number,
	block: z.strictObject({
		order: z.array(z.enum(['conv', 'norm', 'relu', 'dropout'])),
		bias: z.boolean(),
		norm: z.enum(['none', 'batch']),
		dropout: number,
	}),
	body: z.array(layer),
	head: z.array(layer),
});

/** The shape of an experiment: names and types. An unknown name is an error. */
const schema = z.strictObject({
	net,
	augmentation: z
		.strictObject({
			rotation: number,
			translation: number,
			scaleMin: number,
			scaleMax: number,
			shear: number,
			brightness: number,
			contrast: number,
		})
		.optional(),
	optimizer: z.strictObject({momentum: number, nesterov: z.boolean(), weightDecay: number}),
	schedule: z.discriminatedUnion('kind', [
		z.strictObject({kind: z.literal('constant'), learningRate: number}),
		z.strictObject({
			kind: z.literal('one-cycle'),
			maxLearningRate: number,
			pctStart: number,
			divFactor: number,
			finalDivFactor: number,
			cycleMomentum: z.strictObject({base: number, max: number}).optional(),
		}),
	]),
	averaging: z.strictObject({decay: number}).optional(),
	labelSmoothing: number,
	batchSize: number,
	epochs: number,
});

/**
 * Checks names and types, and hands the experiment back as one.
 *
 * @throws {ConfigError} for the first thing wrong
 */
export const asExperiment = (value: unknown): Experiment => checked(schema, value, 'experiment') as Experiment;

/**
 * The same for a net alone.
 *
 * @throws {ConfigError} for the first thing wrong
 */
export const asNet = (value: unknown): Net => checked(net, value, 'net') as Net;

const checked = (shape: z.ZodType, value: unknown, whole: string): unknown => {
	const parsed = shape.safeParse(value);
	if (parsed.success) {
		return parsed.data;
	}

	const issue = parsed.error.issues[0];
	const setting = issue?.path.join('.') || whole;
	if (issue?.code === 'unrecognized_keys') {
		const [key] = issue.keys;
		throw new ConfigError(`${issue.path.length > 0 ? `${setting}.` : ''}${key}`, 'left out', 'a name nobody knows');
	}

	throw new ConfigError(setting, expectation(issue), show(valueAt(value, issue?.path ?? [])));
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
			return `of type ${issue.expected}`;
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
