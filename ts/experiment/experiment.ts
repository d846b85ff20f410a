import {z} from 'zod';
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
import {validate} from '../validation/validate.js';

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
export const asExperiment = (value: unknown): Experiment => validate(schema, value, 'experiment') as Experiment;

/**
 * The same for a net alone.
 *
 * @throws {ConfigError} for the first thing wrong
 */
export const asNet = (value: unknown): Net => validate(net, value, 'net') as Net;
