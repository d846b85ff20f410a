import {z} from 'zod';
import {validate} from '../validation/validate.js';

// The types document the settings; the schemas below check them, and don't compile where the two differ.
// `test/native/settings.test.ts` compares both with the trainer's own types (`crates/trainer/src/config.rs`).

/** All settings of a training run except its seed and data. */
export type Experiment = {
	/** The net. */
	net: Net;
	/** Random changes to training images; none by default. */
	augmentation?: Augmentation | undefined;
	/** The optimizer. */
	optimizer: Optimizer;
	/** The learning-rate schedule. */
	schedule: Schedule;
	/** Averaging of the weights over steps; none by default. */
	averaging?: Averaging | undefined;
	/** Fraction of each training label that is spread over all classes, in `[0, 1)`. */
	labelSmoothing: number;
	/** Samples per step; the last step of an epoch may have fewer. */
	batchSize: number;
	/** Passes over the training set. */
	epochs: number;
};

/** A net as data. */
export type Net = {
	/** Channels of the images. */
	channels: number;
	/** Height and width of the images, in pixels. */
	size: number;
	/** Number of classes. */
	classes: number;
	/** The parts of every block. */
	block: Block;
	/** The layers that find features. */
	body: Layer[];
	/** The layers that turn features into classes. */
	head: Layer[];
};

/** The parts of every block, and their order. */
export type Block = {
	/** The order of the parts, each once; a `norm` of `none` and a `dropout` of 0 have no effect. */
	order: ('conv' | 'norm' | 'relu' | 'dropout')[];
	/** Whether the convolution adds a bias. */
	bias: boolean;
	/** The kind of normalisation. */
	norm: 'none' | 'batch';
	/** Dropout probability, in `[0, 1)`. */
	dropout: number;
};

/** One layer. Convolutions have stride 1, pools a stride of their kernel. */
export type Layer =
	/** A convolution with the other parts of `Block`. */
	| {kind: 'block'; channels: number; kernel: number; padding: number}
	/** A convolution alone. */
	| {kind: 'conv'; channels: number; kernel: number; padding: number; bias: boolean}
	/** The largest value of each window. */
	| {kind: 'max-pool'; kernel: number}
	/** The mean of each window. */
	| {kind: 'average-pool'; kernel: number}
	/** `[C, H, W]` to `[C * H * W, 1, 1]`. */
	| {kind: 'flatten'};

/** Ranges of random changes, with torchvision's meaning. */
export type Augmentation = {
	/** Maximum rotation in degrees, either way. */
	rotation: number;
	/** Maximum translation along each axis as a fraction of the size, rounded to whole pixels. */
	translation: number;
	/** Smallest scale factor. */
	scaleMin: number;
	/** Largest scale factor. */
	scaleMax: number;
	/** Maximum shear along the rows in degrees, either way. */
	shear: number;
	/** Brightness is multiplied by at least 1 - this and at most 1 + this. */
	brightness: number;
	/** The distance from the image's mean is multiplied likewise. */
	contrast: number;
};

/** Stochastic gradient descent, with the meaning of PyTorch's `SGD`. */
export type Optimizer = {
	/** Momentum, in `[0, 1)`. */
	momentum: number;
	/** Whether to use Nesterov momentum. */
	nesterov: boolean;
	/** Fraction of each weight that is added to its gradient. */
	weightDecay: number;
};

/** The learning rate of every step of a run. */
export type Schedule =
	/** The same for every step. */
	| {kind: 'constant'; learningRate: number}
	/** PyTorch's `OneCycleLR` in two phases along half cosines. */
	| {
			kind: 'one-cycle';
			/** The rate at the peak. */
			maxLearningRate: number;
			/** Fraction of steps before the peak, in `(0, 1)`. */
			pctStart: number;
			/** The first rate is the peak divided by this. */
			divFactor: number;
			/** The last rate is the first divided by this. */
			finalDivFactor: number;
			/** Moves momentum the opposite way; constant by default. */
			cycleMomentum?: CycleMomentum | undefined;
	  };

/** The ends between which one-cycle moves momentum. */
export type CycleMomentum = {
	/** Momentum at the peak of the rate. */
	base: number;
	/** Momentum in the first and the last step. */
	max: number;
};

/** An exponential moving average of the weights, one term a step. */
export type Averaging = {
	/** Fraction of the average that a step keeps, in `[0, 1)`. */
	decay: number;
};

/** Any number: the trainer, which knows the ranges, checks its value. */
const number = z.custom<number>(value => typeof value === 'number', 'a number');

const layer = z.discriminatedUnion('kind', [
	z.strictObject({kind: z.literal('block'), channels: number, kernel: number, padding: number}),
	z.strictObject({kind: z.literal('conv'), channels: number, kernel: number, padding: number, bias: z.boolean()}),
	z.strictObject({kind: z.literal('max-pool'), kernel: number}),
	z.strictObject({kind: z.literal('average-pool'), kernel: number}),
	z.strictObject({kind: z.literal('flatten')}),
]);

const net: z.ZodType<Net> = z.strictObject({
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

/** The names and types of an experiment. An unknown name is an error. */
const experiment: z.ZodType<Experiment> = z.strictObject({
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
 * Checks names and types, and returns the experiment.
 *
 * @throws {ConfigError} for the first thing wrong
 */
export const asExperiment = (value: unknown): Experiment => validate(experiment, value, 'experiment');

/**
 * Checks the names and types of a net alone, and returns it.
 *
 * @throws {ConfigError} for the first thing wrong
 */
export const asNet = (value: unknown): Net => validate(net, value, 'net');
