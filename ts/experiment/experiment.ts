import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
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
	/**
	 * The order of the parts, each once; a `norm` of `none` and a `dropout` of 0 have no effect. `relu` is the place of the
	 * activation function, whichever it is.
	 */
	order: ('conv' | 'norm' | 'relu' | 'dropout')[];
	/** Whether the convolution adds a bias. */
	bias: boolean;
	/** The kind of normalisation. */
	norm: 'none' | 'batch';
	/** Dropout probability, in `[0, 1)`. */
	dropout: number;
	/**
	 * The activation function.
	 *
	 * @default 'relu'
	 */
	activation?: Activation | undefined;
	/**
	 * The share of a batch in the norm's running statistics, in `(0, 1]`, as PyTorch's `BatchNorm2d` defines it.
	 *
	 * @default 0.1
	 */
	normMomentum?: number | undefined;
	/**
	 * The number added to a variance before its root is taken, in `(0, 1]`.
	 *
	 * @default 1e-5
	 */
	normEpsilon?: number | undefined;
};

/** An activation function, as PyTorch defines it with its defaults. */
export type Activation = 'relu' | 'leaky-relu' | 'relu6' | 'hard-swish' | 'silu' | 'gelu' | 'none';

/** How far apart a convolution reads, and of which channels, as in PyTorch's `Conv2d`. */
export type Reach = {
	/**
	 * Distance between windows.
	 *
	 * @default 1
	 */
	stride?: number | undefined;
	/**
	 * Number of parts that the channels are divided into, each with its own kernels; `depthwise` for one per input channel.
	 *
	 * @default 1
	 */
	groups?: number | 'depthwise' | undefined;
	/**
	 * Distance between the pixels of a window.
	 *
	 * @default 1
	 */
	dilation?: number | undefined;
};

/** The windows of a pool, as in PyTorch's `MaxPool2d` and `AvgPool2d`. */
export type PoolWindows = {
	kernel: number;
	/**
	 * Distance between windows.
	 *
	 * @default the kernel
	 */
	stride?: number | undefined;
	/**
	 * Pixels added on each side, at most half the kernel: a maximum ignores them, a mean counts them as zeros.
	 *
	 * @default 0
	 */
	padding?: number | undefined;
};

/** One layer, or several that belong together. */
export type Layer =
	/** A convolution with the other parts of `Block`; `activation` replaces the block's. */
	| ({kind: 'block'; channels: number; kernel: number; padding: number; activation?: Activation | undefined} & Reach)
	/** A convolution alone. */
	| ({kind: 'conv'; channels: number; kernel: number; padding: number; bias: boolean} & Reach)
	/**
	 * A depthwise block, then a block of kernel 1. Without `between` (true by default), the depthwise convolution stands
	 * alone, and the other parts of a block come after both.
	 */
	| {
			kind: 'separable';
			channels: number;
			kernel: number;
			padding: number;
			stride?: number | undefined;
			dilation?: number | undefined;
			activation?: Activation | undefined;
			between?: boolean | undefined;
	  }
	/** All values of an image, weighted: PyTorch's `Linear` on flattened values. `bias` is true by default. */
	| {kind: 'linear'; features: number; bias?: boolean | undefined; activation?: Activation | undefined}
	/** The largest value of each window. */
	| ({kind: 'max-pool'} & PoolWindows)
	/** The mean of each window. */
	| ({kind: 'average-pool'} & PoolWindows)
	/** The mean of each channel, `[C, 1, 1]`. */
	| {kind: 'global-average-pool'}
	/** `[C, H, W]` to `[C * H * W, 1, 1]`. */
	| {kind: 'flatten'}
	/** Layers whose output is added to their input. */
	| {
			kind: 'residual';
			layers: Layer[];
			/**
			 * The way around the layers: the input, or a convolution of kernel 1 with the block's norm, where they change its shape.
			 *
			 * @default 'identity'
			 */
			shortcut?: 'identity' | 'conv' | undefined;
			/**
			 * An activation function behind the sum.
			 *
			 * @default 'none'
			 */
			activation?: Activation | undefined;
			/**
			 * Whether the scale of the last norm in `layers` starts at zero, so that the sum starts as the shortcut.
			 *
			 * @default false
			 */
			zeroInit?: boolean | undefined;
	  }
	/** Branches that read the same input; their channels follow each other. A branch without layers is the input. */
	| {kind: 'concat'; branches: Layer[][]}
	/** Layers that are applied several times, with the same weights. */
	| {kind: 'repeat'; times: number; layers: Layer[]}
	/** Channels weighted by what two layers of kernel 1 make of all channels' means; `channels` are those between the two. */
	| {kind: 'squeeze-excite'; channels: number};

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

const activation = z.enum(['relu', 'leaky-relu', 'relu6', 'hard-swish', 'silu', 'gelu', 'none']);
const window = {channels: number, kernel: number, padding: number};
const reach = {
	stride: number.optional(),
	groups: z
		.custom<number | 'depthwise'>(
			value => typeof value === 'number' || value === 'depthwise',
			'a number or one of `depthwise`',
		)
		.optional(),
	dilation: number.optional(),
};
const pool = {kernel: number, stride: number.optional(), padding: number.optional()};

const layer: z.ZodType<Layer> = z.discriminatedUnion('kind', [
	z.strictObject({kind: z.literal('block'), ...window, ...reach, activation: activation.optional()}),
	z.strictObject({kind: z.literal('conv'), ...window, bias: z.boolean(), ...reach}),
	z.strictObject({
		kind: z.literal('separable'),
		...window,
		stride: number.optional(),
		dilation: number.optional(),
		activation: activation.optional(),
		between: z.boolean().optional(),
	}),
	z.strictObject({
		kind: z.literal('linear'),
		features: number,
		bias: z.boolean().optional(),
		activation: activation.optional(),
	}),
	z.strictObject({kind: z.literal('max-pool'), ...pool}),
	z.strictObject({kind: z.literal('average-pool'), ...pool}),
	z.strictObject({kind: z.literal('global-average-pool')}),
	z.strictObject({kind: z.literal('flatten')}),
	z.strictObject({
		kind: z.literal('residual'),
		layers: z.lazy(() => z.array(layer)),
		shortcut: z.enum(['identity', 'conv']).optional(),
		activation: activation.optional(),
		zeroInit: z.boolean().optional(),
	}),
	z.strictObject({kind: z.literal('concat'), branches: z.lazy(() => z.array(z.array(layer)))}),
	z.strictObject({kind: z.literal('repeat'), times: number, layers: z.lazy(() => z.array(layer))}),
	z.strictObject({kind: z.literal('squeeze-excite'), channels: number}),
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
		activation: activation.optional(),
		normMomentum: number.optional(),
		normEpsilon: number.optional(),
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
export const asExperiment = (value: unknown): Experiment => {
	checkLevels(value, 'experiment');
	return validate(experiment, value, 'experiment');
};

/**
 * Checks the names and types of a net alone, and returns it.
 *
 * @throws {ConfigError} for the first thing wrong
 */
export const asNet = (value: unknown): Net => {
	checkLevels(value, 'net');
	return validate(net, value, 'net');
};

/** Levels of objects and lists: 16 of layers within layers, the most that the trainer takes, have fewer. */
const maxLevels = 60;

/** Refuses objects and lists so deep, or in a circle, that walking them would exhaust the stack. */
const checkLevels = (whole: unknown, name: string): void => {
	let level = [whole];
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > maxLevels) {
			throw new ConfigError(name, 'at most 16 levels of layers within layers', 'more');
		}

		level = level.flatMap(value => (typeof value === 'object' && value !== null ? Object.values(value) : []));
	}
};
