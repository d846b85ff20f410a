import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {validate} from '../validation/validate.js';

// The types document the settings; the schemas below check them, and don't compile where the two differ.
// `test/native/settings.test.ts` compares both with the trainer's own types (`crates/trainer/src/config.rs`).

/** All settings of a training run except its seed and data. */
export type Experiment = {
	/** The net. */
	net: Net;
	/**
	 * A file whose weights training starts from.
	 *
	 * @default weights drawn by the seed
	 */
	start?: Start | undefined;
	/**
	 * Random changes to training images.
	 *
	 * @default none
	 */
	augmentation?: Augmentation | undefined;
	/** The optimizer. */
	optimizer: Optimizer;
	/** The learning-rate schedule. */
	schedule: Schedule;
	/**
	 * Averaging of the weights over steps.
	 *
	 * @default none
	 */
	averaging?: Averaging | undefined;
	/**
	 * Fraction of each training label that is spread over all classes.
	 *
	 * @range number at least 0 and below 1
	 * @unit fraction
	 * @follows PyTorch’s `CrossEntropyLoss`
	 */
	labelSmoothing: number;
	/**
	 * Whole numbers that the net is trained for: weights and values are rounded in training as `export --int8` rounds them, and gradients
	 * pass as if they were not. Evaluation is in floats.
	 *
	 * @default none
	 * @follows PyTorch’s `fake_quantize_per_channel_affine` and `MovingAverageMinMaxObserver`
	 */
	quantize?: 'int8' | undefined;
	/**
	 * Further settings of the training loss.
	 *
	 * @default none
	 */
	loss?: Loss | undefined;
	/**
	 * Samples per step; the last step of an epoch may have fewer.
	 *
	 * @range whole number from 1 to 65536
	 * @unit images
	 */
	batchSize: number;
	/**
	 * Passes over the training set.
	 *
	 * @range whole number from 1 to 10000
	 * @unit epochs
	 */
	epochs: number;
};

/**
 * Weights to start from: a tensor of the file becomes that of the net with its name and shape, and the net's others are initialised
 * as usual.
 */
export type Start = {
	/** The folder of a run, or a safetensors file; a relative path starts from the ladder's folder, else from the working folder. */
	from: string;
	/**
	 * The file's sha256 in hex.
	 *
	 * @default that of the file when a ladder is opened or a training starts
	 */
	sha256?: string | undefined;
	/**
	 * Paths of layers that are not trained, such as `body.0`, or `body` for all in it.
	 *
	 * @default none
	 * @follows PyTorch’s `requires_grad_(False)`
	 */
	freeze?: string[] | undefined;
};

/** A net as data. */
export type Net = {
	/**
	 * Channels of the images.
	 *
	 * @range whole number from 1 to 64
	 * @unit channels
	 */
	channels: number;
	/**
	 * Height and width of the images.
	 *
	 * @range whole number from 1 to 4096
	 * @unit pixels
	 */
	size: number;
	/**
	 * Number of classes, at least that of the data.
	 *
	 * @range whole number from 2 to 256
	 * @unit classes
	 */
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
	/**
	 * The kind of normalisation: `batch` over a batch and an image's pixels.
	 *
	 * @follows PyTorch’s `BatchNorm2d`
	 */
	norm: 'none' | 'batch';
	/**
	 * Probability that a value is set to zero while training.
	 *
	 * @range number at least 0 and below 1
	 * @unit probability
	 * @follows PyTorch’s `Dropout`
	 */
	dropout: number;
	/**
	 * The activation function.
	 *
	 * @default 'relu'
	 * @follows PyTorch’s functions of these names
	 */
	activation?: Activation | undefined;
	/**
	 * The share of a batch in the norm's running statistics.
	 *
	 * @range number above 0 and at most 1
	 * @unit fraction
	 * @default 0.1
	 * @follows PyTorch’s `BatchNorm2d`
	 */
	normMomentum?: number | undefined;
	/**
	 * The number added to a variance before its root is taken.
	 *
	 * @range number above 0 and at most 1
	 * @unit variance
	 * @default 1e-5
	 * @follows PyTorch’s `BatchNorm2d`
	 */
	normEpsilon?: number | undefined;
};

/** An activation function, as PyTorch defines it with its defaults. */
export type Activation = 'relu' | 'leaky-relu' | 'elu' | 'relu6' | 'hard-swish' | 'silu' | 'gelu' | 'none';

/** The windows of a convolution, as in PyTorch's `Conv2d`. */
export type Windows = {
	/**
	 * Channels of the output.
	 *
	 * @range whole number from 1 to 65536
	 * @unit channels
	 */
	channels: number;
	/**
	 * Height and width of a window.
	 *
	 * @range whole number from 1 to 1024
	 * @unit pixels
	 */
	kernel: number;
	/**
	 * Zeros added on each side.
	 *
	 * @range whole number from 0 to 1024
	 * @unit pixels
	 */
	padding: number;
	/**
	 * Distance between windows.
	 *
	 * @range whole number from 1 to 1024
	 * @unit pixels
	 * @default 1
	 */
	stride?: number | undefined;
	/**
	 * Distance between the pixels of a window.
	 *
	 * @range whole number from 1 to 1024
	 * @unit pixels
	 * @default 1
	 */
	dilation?: number | undefined;
};

/** Which channels a convolution reads, as in PyTorch's `Conv2d`. */
export type Groups = {
	/**
	 * Number of parts that the channels are divided into, each with its own kernels; `depthwise` for one per input channel.
	 *
	 * @range whole number from 1 to 65536
	 * @unit groups
	 * @default 1
	 */
	groups?: number | 'depthwise' | undefined;
};

/** The activation function of a layer that has a block's other parts. */
export type OwnActivation = {
	/**
	 * The activation function.
	 *
	 * @default the block's
	 * @follows PyTorch’s functions of these names
	 */
	activation?: Activation | undefined;
};

/** The windows of a pool, as in PyTorch's `MaxPool2d` and `AvgPool2d`. */
export type PoolWindows = {
	/**
	 * Height and width of a window.
	 *
	 * @range whole number from 1 to 1024
	 * @unit pixels
	 */
	kernel: number;
	/**
	 * Distance between windows.
	 *
	 * @range whole number from 1 to 1024
	 * @unit pixels
	 * @default the kernel
	 */
	stride?: number | undefined;
	/**
	 * Pixels added on each side: a maximum ignores them, a mean counts them as zeros.
	 *
	 * @range whole number from 0 to half of `kernel`
	 * @unit pixels
	 * @default 0
	 */
	padding?: number | undefined;
};

/** One layer, or several that belong together. */
export type Layer =
	/**
	 * A convolution with the other parts of `net.block`.
	 *
	 * @follows PyTorch’s `Conv2d`
	 */
	| ({kind: 'block'} & Windows & Groups & OwnActivation)
	/**
	 * A convolution alone.
	 *
	 * @follows PyTorch’s `Conv2d`
	 */
	| ({
			kind: 'conv';
			/** Whether it adds a bias. */
			bias: boolean;
	  } & Windows &
			Groups)
	/**
	 * A depthwise block, then a block of kernel 1.
	 *
	 * @follows PyTorch’s `Conv2d`
	 */
	| ({
			kind: 'separable';
			/**
			 * Whether the depthwise convolution has the other parts of a block too. Without them, they come after both convolutions.
			 *
			 * @default true
			 */
			between?: boolean | undefined;
	  } & Windows &
			OwnActivation)
	/**
	 * All values of an image, flattened and weighted.
	 *
	 * @follows PyTorch’s `Linear`
	 */
	| {
			kind: 'linear';
			/**
			 * Number of outputs.
			 *
			 * @range whole number from 1 to 65536
			 * @unit values
			 */
			features: number;
			/**
			 * Whether it adds a bias.
			 *
			 * @default true
			 */
			bias?: boolean | undefined;
			/**
			 * An activation function behind it.
			 *
			 * @default 'none'
			 * @follows PyTorch’s functions of these names
			 */
			activation?: Activation | undefined;
	  }
	/**
	 * The largest value of each window.
	 *
	 * @follows PyTorch’s `MaxPool2d`
	 */
	| ({kind: 'max-pool'} & PoolWindows)
	/**
	 * The mean of each window.
	 *
	 * @follows PyTorch’s `AvgPool2d`
	 */
	| ({kind: 'average-pool'} & PoolWindows)
	/**
	 * The mean of each channel, `[C, 1, 1]`.
	 *
	 * @follows PyTorch’s `AdaptiveAvgPool2d(1)`
	 */
	| {kind: 'global-average-pool'}
	/**
	 * `[C, H, W]` to `[C * H * W, 1, 1]`.
	 *
	 * @follows PyTorch’s `Flatten`
	 */
	| {kind: 'flatten'}
	/**
	 * Layers whose output is added to their input.
	 *
	 * @follows He et al. 2016
	 */
	| {
			kind: 'residual';
			/** The layers. */
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
			 * @follows PyTorch’s functions of these names
			 */
			activation?: Activation | undefined;
			/**
			 * Whether the scale of the last norm in `layers` starts at zero, so that the sum starts as the shortcut.
			 *
			 * @default false
			 * @follows Goyal et al. 2017
			 */
			zeroInit?: boolean | undefined;
	  }
	/**
	 * Branches that read the same input; their channels follow each other.
	 *
	 * @follows PyTorch’s `cat` over channels
	 */
	| {
			kind: 'concat';
			/** The layers of each branch. One without layers is the input. */
			branches: Layer[][];
	  }
	/** Layers that are applied several times, with the same weights. */
	| {
			kind: 'repeat';
			/**
			 * How many times they are applied.
			 *
			 * @range whole number from 1 to 1024
			 * @unit times
			 */
			times: number;
			/** The layers. Their output has the shape of their input. */
			layers: Layer[];
	  }
	/**
	 * Channels weighted by two layers of kernel 1 over all channels' means.
	 *
	 * @follows Hu et al. 2018
	 */
	| {
			kind: 'squeeze-excite';
			/**
			 * Channels between the two layers.
			 *
			 * @range whole number from 1 to 65536
			 * @unit channels
			 */
			channels: number;
	  };

/** Random changes to training images: transforms, applied in their order, or the ranges that were the first form of it. */
export type Augmentation = AugmentationRanges | Transform[];

/**
 * Brightness, contrast and one affine transformation on black.
 *
 * @follows torchvision’s `ColorJitter` and `RandomAffine`
 */
export type AugmentationRanges = {
	/**
	 * Maximum rotation, either way.
	 *
	 * @range number at least 0 and at most 180
	 * @unit degrees
	 * @follows torchvision’s `RandomAffine`
	 */
	rotation: number;
	/**
	 * Maximum translation along each axis, rounded to whole pixels.
	 *
	 * @range number at least 0 and at most 1
	 * @unit fraction of the size
	 * @follows torchvision’s `RandomAffine`
	 */
	translation: number;
	/**
	 * Smallest scale factor.
	 *
	 * @range number above 0 and at most 10
	 * @unit factor
	 * @follows torchvision’s `RandomAffine`
	 */
	scaleMin: number;
	/**
	 * Largest scale factor.
	 *
	 * @range number at least `scaleMin` and at most 10
	 * @unit factor
	 * @follows torchvision’s `RandomAffine`
	 */
	scaleMax: number;
	/**
	 * Maximum shear along the rows, either way.
	 *
	 * @range number at least 0 and below 90
	 * @unit degrees
	 * @follows torchvision’s `RandomAffine`
	 */
	shear: number;
	/**
	 * Brightness is multiplied by at least 1 - this and at most 1 + this.
	 *
	 * @range number at least 0 and at most 10
	 * @unit factor
	 * @follows torchvision’s `ColorJitter`
	 */
	brightness: number;
	/**
	 * The distance from the image's mean is multiplied likewise.
	 *
	 * @range number at least 0 and at most 10
	 * @unit factor
	 * @follows torchvision’s `ColorJitter`
	 */
	contrast: number;
};

/** A colour; images of one channel take its grey. */
export type Colour = 'black' | 'white' | `#${string}`;

/** One random change. Each transform of a list has draws of its own: one more or less changes none of the others'. */
export type Transform =
	/**
	 * Rotation, translation, scale and shear, bilinear.
	 *
	 * @follows torchvision’s `RandomAffine`
	 */
	| {
			kind: 'affine';
			/**
			 * Maximum rotation, either way.
			 *
			 * @range number at least 0 and at most 180
			 * @unit degrees
			 * @default 0
			 */
			rotation?: number | undefined;
			/**
			 * Maximum translation along each axis, rounded to whole pixels.
			 *
			 * @range number at least 0 and at most 1
			 * @unit fraction of the size
			 * @default 0
			 */
			translation?: number | undefined;
			/**
			 * Smallest scale factor.
			 *
			 * @range number above 0 and at most 10
			 * @unit factor
			 * @default 1
			 */
			scaleMin?: number | undefined;
			/**
			 * Largest scale factor.
			 *
			 * @range number at least `scaleMin` and at most 10
			 * @unit factor
			 * @default 1
			 */
			scaleMax?: number | undefined;
			/**
			 * Maximum shear along the rows, either way.
			 *
			 * @range number at least 0 and below 90
			 * @unit degrees
			 * @default 0
			 */
			shear?: number | undefined;
			/**
			 * The pixels outside the image: a colour such as `#ff8000`, or that of the nearest pixel inside.
			 *
			 * @default 'black'
			 */
			fill?: Colour | 'edge' | undefined;
	  }
	/**
	 * A mirror image.
	 *
	 * @follows torchvision’s `RandomHorizontalFlip` and `RandomVerticalFlip`
	 */
	| {
			kind: 'flip';
			/**
			 * Whether left and right, or top and bottom, change places.
			 *
			 * @default 'horizontal'
			 */
			direction?: 'horizontal' | 'vertical' | undefined;
			/**
			 * The probability that an image is mirrored.
			 *
			 * @range number at least 0 and at most 1
			 * @unit probability
			 * @default 0.5
			 */
			probability?: number | undefined;
	  }
	/**
	 * A square of the image with a border around it, at a random place.
	 *
	 * @follows torchvision’s `RandomCrop`
	 */
	| {
			kind: 'crop';
			/**
			 * Width of the border.
			 *
			 * @range whole number at least 0 and below `size`
			 * @unit pixels
			 */
			padding: number;
			/**
			 * Height and width of the square. One smaller than the image is enlarged to its size, bilinearly.
			 *
			 * @range whole number at least 1 and at most the size of the images
			 * @unit pixels
			 * @default the size of the images
			 */
			size?: number | undefined;
			/**
			 * The border's pixels: a colour such as `#ff8000`, or that of the nearest pixel of the image.
			 *
			 * @default 'black'
			 */
			fill?: Colour | 'edge' | undefined;
	  }
	/**
	 * A rectangle that is erased, before images are normalised.
	 *
	 * @follows torchvision’s `RandomErasing`
	 */
	| {
			kind: 'erase';
			/**
			 * The probability that a rectangle is erased.
			 *
			 * @range number at least 0 and at most 1
			 * @unit probability
			 * @default 0.5
			 */
			probability?: number | undefined;
			/**
			 * Smallest area of the rectangle.
			 *
			 * @range number at least 0 and below 1
			 * @unit fraction of the image's area
			 * @default 0.02
			 */
			areaMin?: number | undefined;
			/**
			 * Largest area of the rectangle.
			 *
			 * @range number at least `areaMin` and below 1
			 * @unit fraction of the image's area
			 * @default 0.33
			 */
			areaMax?: number | undefined;
			/**
			 * Smallest height over width.
			 *
			 * @range number above 0 and at most 1000
			 * @unit ratio
			 * @default 0.3
			 */
			ratioMin?: number | undefined;
			/**
			 * Largest height over width.
			 *
			 * @range number at least `ratioMin` and at most 1000
			 * @unit ratio
			 * @default 3.3
			 */
			ratioMax?: number | undefined;
			/**
			 * The colour of the rectangle, such as `#ff8000`.
			 *
			 * @default 'black'
			 */
			fill?: Colour | undefined;
	  }
	/**
	 * Each pixel moves by a distance of its own, smooth over the image, bilinear.
	 *
	 * @follows torchvision’s `ElasticTransform`
	 */
	| {
			kind: 'elastic';
			/**
			 * Strength: a pixel moves by half of this times a number from a blurred field of numbers from -1 to 1.
			 *
			 * @range number at least 0 and at most 10000
			 * @unit pixels
			 * @default 50
			 */
			alpha?: number | undefined;
			/**
			 * Standard deviation of the blur.
			 *
			 * @range number above 0 and below an eighth of twice the size of the images minus 1
			 * @unit pixels
			 * @default 5
			 */
			sigma?: number | undefined;
			/**
			 * The pixels outside the image: a colour such as `#ff8000`, or that of the nearest pixel inside.
			 *
			 * @default 'black'
			 */
			fill?: Colour | 'edge' | undefined;
	  }
	/**
	 * Brightness, contrast, saturation and hue, in a random order.
	 *
	 * @follows torchvision’s `ColorJitter`
	 */
	| {
			kind: 'colour';
			/**
			 * Brightness is multiplied by at least 1 - this and at most 1 + this.
			 *
			 * @range number at least 0 and at most 10
			 * @unit fraction
			 * @default 0
			 */
			brightness?: number | undefined;
			/**
			 * The distance from the image's mean is multiplied likewise.
			 *
			 * @range number at least 0 and at most 10
			 * @unit fraction
			 * @default 0
			 */
			contrast?: number | undefined;
			/**
			 * The distance of each pixel from its grey is multiplied likewise.
			 *
			 * @range number at least 0 and at most 10
			 * @unit fraction
			 * @default 0
			 */
			saturation?: number | undefined;
			/**
			 * The hue is turned by at most this, either way.
			 *
			 * @range number at least 0 and at most 0.5
			 * @unit fraction of the circle
			 * @default 0
			 */
			hue?: number | undefined;
	  }
	/**
	 * A number from a normal distribution, added to each value.
	 *
	 * @follows torchvision’s `GaussianNoise`
	 */
	| {
			kind: 'noise';
			/**
			 * Standard deviation.
			 *
			 * @range number at least 0 and at most 1
			 * @unit brightness, 1 for white
			 * @default 0.1
			 */
			sigma?: number | undefined;
	  }
	/**
	 * A Gaussian blur of random strength.
	 *
	 * @follows torchvision’s `GaussianBlur`
	 */
	| {
			kind: 'blur';
			/**
			 * Height and width of the kernel.
			 *
			 * @range odd number at least 1 and at most twice the size of the images minus 1
			 * @unit pixels
			 */
			kernel: number;
			/**
			 * Smallest standard deviation.
			 *
			 * @range number at least 0.01 and at most 1000
			 * @unit pixels
			 * @default 0.1
			 */
			sigmaMin?: number | undefined;
			/**
			 * Largest standard deviation.
			 *
			 * @range number at least `sigmaMin` and at most 1000
			 * @unit pixels
			 * @default 2
			 */
			sigmaMax?: number | undefined;
	  }
	/**
	 * Each image of a batch is blended with the one before it, and so are their labels.
	 *
	 * @follows torchvision’s `MixUp`
	 */
	| {
			kind: 'mixup';
			/**
			 * Both parameters of the beta distribution of an image's share, which is drawn once a batch.
			 *
			 * @range number at least 0.001 and at most 1000
			 * @unit number
			 * @default 1
			 */
			alpha?: number | undefined;
			/**
			 * The probability that a batch is mixed.
			 *
			 * @range number at least 0 and at most 1
			 * @unit probability
			 * @default 1
			 */
			probability?: number | undefined;
	  }
	/**
	 * A rectangle of the image before it is pasted into each image of a batch; labels are mixed by its area.
	 *
	 * @follows torchvision’s `CutMix`
	 */
	| {
			kind: 'cutmix';
			/**
			 * Both parameters of the beta distribution of an image's share, which is drawn once a batch.
			 *
			 * @range number at least 0.001 and at most 1000
			 * @unit number
			 * @default 1
			 */
			alpha?: number | undefined;
			/**
			 * The probability that a batch is mixed.
			 *
			 * @range number at least 0 and at most 1
			 * @unit probability
			 * @default 1
			 */
			probability?: number | undefined;
	  };

/** How gradients move the parameters. */
export type Optimizer = Sgd | AdamW;

/**
 * Stochastic gradient descent.
 *
 * @follows PyTorch’s `SGD`
 */
export type Sgd = OptimizerLimits & {
	/** @default 'sgd' */
	kind?: 'sgd' | undefined;
	/**
	 * Momentum.
	 *
	 * @range number at least 0 and below 1
	 * @unit fraction
	 * @follows PyTorch’s `SGD`
	 */
	momentum: number;
	/**
	 * Whether to use Nesterov momentum.
	 *
	 * @follows PyTorch’s `SGD`
	 */
	nesterov: boolean;
	/**
	 * Fraction of each parameter that is added to its gradient.
	 *
	 * @range number at least 0 and at most 1
	 * @unit fraction
	 * @follows PyTorch’s `SGD`
	 */
	weightDecay: number;
};

/**
 * Adam with decoupled weight decay.
 *
 * @follows PyTorch’s `AdamW`
 */
export type AdamW = OptimizerLimits & {
	kind: 'adamw';
	/**
	 * Fraction of the mean of gradients that a step keeps. A schedule that moves momentum moves this.
	 *
	 * @range number at least 0 and below 1
	 * @unit fraction
	 * @default 0.9
	 * @follows PyTorch’s `AdamW`
	 */
	beta1?: number | undefined;
	/**
	 * Fraction of the mean of squared gradients that a step keeps.
	 *
	 * @range number at least 0 and below 1
	 * @unit fraction
	 * @default 0.999
	 * @follows PyTorch’s `AdamW`
	 */
	beta2?: number | undefined;
	/**
	 * Added to the root of that mean.
	 *
	 * @range number above 0 and at most 1
	 * @unit gradient
	 * @default 1e-8
	 * @follows PyTorch’s `AdamW`
	 */
	epsilon?: number | undefined;
	/**
	 * Fraction of each parameter, times the learning rate, that a step takes off.
	 *
	 * @range number at least 0 and at most 1
	 * @unit fraction
	 * @default 0.01
	 * @follows PyTorch’s `AdamW`
	 */
	weightDecay?: number | undefined;
};

/** Settings of every optimizer that keep gradients and parameters small. */
export type OptimizerLimits = {
	/**
	 * The parameters that `weightDecay` applies to: `all`, or the `weights` of convolutions and linear layers, without biases and norms.
	 *
	 * @default 'all'
	 */
	decayed?: 'all' | 'weights' | undefined;
	/**
	 * The largest norm of all gradients, to which larger ones are scaled.
	 *
	 * @range number above 0 and at most 1000000000000
	 * @unit gradient
	 * @default no limit
	 * @follows PyTorch’s `clip_grad_norm_`
	 */
	clipNorm?: number | undefined;
};

/** The learning rate of every step of a run. */
export type Schedule =
	/** The same for every step. */
	| {
			kind: 'constant';
			/**
			 * The rate of every step.
			 *
			 * @range number above 0 and at most 1000000
			 * @unit learning rate
			 */
			learningRate: number;
	  }
	/**
	 * Up to a peak and down again, in two phases along half cosines.
	 *
	 * @follows PyTorch’s `OneCycleLR`
	 */
	| {
			kind: 'one-cycle';
			/**
			 * The rate at the peak.
			 *
			 * @range number above 0 and at most 1000000
			 * @unit learning rate
			 */
			maxLearningRate: number;
			/**
			 * Fraction of steps before the peak.
			 *
			 * @range number above 0 and below 1
			 * @unit fraction
			 */
			pctStart: number;
			/**
			 * The first rate is the peak divided by this.
			 *
			 * @range number at least 1 and at most 1000000000000
			 * @unit factor
			 */
			divFactor: number;
			/**
			 * The last rate is the first divided by this.
			 *
			 * @range number at least 1 and at most 1000000000000
			 * @unit factor
			 */
			finalDivFactor: number;
			/**
			 * Moves momentum the opposite way.
			 *
			 * @default constant momentum
			 */
			cycleMomentum?: CycleMomentum | undefined;
	  }
	/**
	 * Falls along half a cosine, over all steps after the warm-up.
	 *
	 * @follows PyTorch’s `CosineAnnealingLR`
	 */
	| ({kind: 'cosine'} & Annealing)
	/**
	 * Falls along a line, over all steps after the warm-up.
	 *
	 * @follows PyTorch’s `LinearLR`
	 */
	| ({kind: 'linear'} & Annealing)
	/**
	 * Multiplied by a factor every few epochs, counted from the first.
	 *
	 * @follows PyTorch’s `StepLR`
	 */
	| {
			kind: 'step';
			/**
			 * The rate at the start.
			 *
			 * @range number above 0 and at most 1000000
			 * @unit learning rate
			 */
			learningRate: number;
			/**
			 * Number of epochs between two changes.
			 *
			 * @range whole number from 1 to 10000
			 * @unit epochs
			 */
			stepSize: number;
			/**
			 * The factor.
			 *
			 * @range number above 0 and at most 1
			 * @unit factor
			 */
			gamma: number;
			/**
			 * Steps at the start whose rates are smaller.
			 *
			 * @default none
			 */
			warmUp?: WarmUp | undefined;
	  };

/** From one rate to another, over all steps after the warm-up. */
export type Annealing = {
	/**
	 * The rate at the start.
	 *
	 * @range number above 0 and at most 1000000
	 * @unit learning rate
	 */
	learningRate: number;
	/**
	 * The rate that one more step would have.
	 *
	 * @range number at least 0 and at most `learningRate`
	 * @unit learning rate
	 * @default 0
	 */
	finalLearningRate?: number | undefined;
	/**
	 * Steps before the fall.
	 *
	 * @default none
	 */
	warmUp?: WarmUp | undefined;
};

/**
 * The steps at the start of a run in which the rate rises along a line: of `n` steps, step `t` (from 0) has `(t + 1) / (n + 1)`
 * of the rate. Either `epochs` or `share`.
 *
 * @follows PyTorch’s `LinearLR` with a `start_factor` of `1 / (n + 1)`
 */
export type WarmUp = {
	/**
	 * Number of epochs, which need not be whole.
	 *
	 * @range number at least 0 and at most 10000
	 * @unit epochs
	 * @default left out
	 */
	epochs?: number | undefined;
	/**
	 * Fraction of all steps.
	 *
	 * @range number at least 0 and below 1
	 * @unit fraction
	 * @default left out
	 */
	share?: number | undefined;
};

/** The ends between which one-cycle moves momentum. */
export type CycleMomentum = {
	/**
	 * Momentum at the peak of the rate.
	 *
	 * @range number at least 0 and below 1
	 * @unit fraction
	 * @follows PyTorch’s `OneCycleLR`
	 */
	base: number;
	/**
	 * Momentum in the first and the last step.
	 *
	 * @range number at least `base` and below 1
	 * @unit fraction
	 * @follows PyTorch’s `OneCycleLR`
	 */
	max: number;
};

/** An exponential moving average of the weights, one term a step. */
export type Averaging = {
	/**
	 * Fraction of the average that a step keeps.
	 *
	 * @range number at least 0 and below 1
	 * @unit fraction
	 * @follows PyTorch’s `get_ema_multi_avg_fn`, with a short memory at the start
	 */
	decay: number;
};

/** Settings of the training loss. Held-out and test images are evaluated without them. */
export type Loss = {
	/**
	 * The weight of each class: one number for each, or `balanced` for all training images, divided by the number of classes and by the
	 * images of the class, as in scikit-learn.
	 *
	 * @range numbers above 0 and at most 1000000
	 * @unit weight
	 * @default 1 each
	 * @follows PyTorch’s `CrossEntropyLoss`
	 */
	classWeights?: 'balanced' | number[] | undefined;
	/**
	 * A trained model whose answers the net learns, besides the labels (knowledge distillation).
	 *
	 * @default none
	 * @follows Hinton et al. 2015, as PyTorch’s tutorial of knowledge distillation
	 */
	teacher?: Teacher | undefined;
};

/**
 * A trained model that a net learns from. The loss is `1 - weight` of that of the labels, and `weight * temperature²` of the mean
 * divergence `KL(teacher || net)`, both at the temperature. The teacher, in evaluation mode, gets the same augmented and mixed images.
 */
export type Teacher = {
	/**
	 * The folder of a run, or a model file, of the same images and classes; a relative path starts from the ladder's folder, else from
	 * the working folder.
	 */
	from: string;
	/**
	 * The file's sha256 in hex.
	 *
	 * @default that of the file when a ladder is opened or a training starts
	 */
	sha256?: string | undefined;
	/**
	 * Number that the logits of teacher and net are divided by.
	 *
	 * @range number at least 0.1 and at most 100
	 * @unit factor
	 * @default 2
	 * @follows PyTorch’s tutorial of knowledge distillation
	 */
	temperature?: number | undefined;
	/**
	 * Weight of the teacher's part in the loss; that of the labels is the rest of 1.
	 *
	 * @range number above 0 and at most 1
	 * @unit fraction
	 * @default 0.25
	 * @follows PyTorch’s tutorial of knowledge distillation
	 */
	weight?: number | undefined;
};

/** Any number: the trainer, which knows the ranges, checks its value. */
const number = z.custom<number>(value => typeof value === 'number', 'a number');

const activation = z.enum(['relu', 'leaky-relu', 'elu', 'relu6', 'hard-swish', 'silu', 'gelu', 'none']);
const windows = {
	channels: number,
	kernel: number,
	padding: number,
	stride: number.optional(),
	dilation: number.optional(),
};
const groups = z
	.custom<number | 'depthwise'>(
		value => typeof value === 'number' || value === 'depthwise',
		'a number or one of `depthwise`',
	)
	.optional();
const pool = {kernel: number, stride: number.optional(), padding: number.optional()};

const layer: z.ZodType<Layer> = z.discriminatedUnion('kind', [
	z.strictObject({kind: z.literal('block'), ...windows, groups, activation: activation.optional()}),
	z.strictObject({kind: z.literal('conv'), ...windows, bias: z.boolean(), groups}),
	z.strictObject({
		kind: z.literal('separable'),
		...windows,
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

const warmUp = z.strictObject({epochs: number.optional(), share: number.optional()}).optional();
const classWeights = z.custom<'balanced' | number[]>(
	value => value === 'balanced' || (Array.isArray(value) && value.every(weight => typeof weight === 'number')),
	'a list of numbers or one of `balanced`',
);
const teacher = z.strictObject({
	...{from: z.string(), sha256: z.string().optional()},
	...{temperature: number.optional(), weight: number.optional()},
});
const limits = {decayed: z.enum(['all', 'weights']).optional(), clipNorm: number.optional()};
const annealing = {learningRate: number, finalLearningRate: number.optional(), warmUp};

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

const colour = (...others: readonly string[]) =>
	z.custom<Colour>(
		value =>
			typeof value === 'string' && (['black', 'white', ...others].includes(value) || /^#[\da-f]{6}$/i.test(value)),
		`one of ${['black', 'white', ...others, '#rrggbb'].map(name => `\`${name}\``).join(', ')}`,
	);
const fill = (colour('edge') as z.ZodType<Colour | 'edge'>).optional();
const probability = number.optional();

const transform: z.ZodType<Transform> = z.discriminatedUnion('kind', [
	z.strictObject({
		kind: z.literal('affine'),
		rotation: number.optional(),
		translation: number.optional(),
		scaleMin: number.optional(),
		scaleMax: number.optional(),
		shear: number.optional(),
		fill,
	}),
	z.strictObject({
		kind: z.literal('flip'),
		direction: z.enum(['horizontal', 'vertical']).optional(),
		probability,
	}),
	z.strictObject({kind: z.literal('crop'), padding: number, size: number.optional(), fill}),
	z.strictObject({
		kind: z.literal('erase'),
		probability,
		areaMin: number.optional(),
		areaMax: number.optional(),
		ratioMin: number.optional(),
		ratioMax: number.optional(),
		fill: colour().optional(),
	}),
	z.strictObject({kind: z.literal('elastic'), alpha: number.optional(), sigma: number.optional(), fill}),
	z.strictObject({
		kind: z.literal('colour'),
		brightness: number.optional(),
		contrast: number.optional(),
		saturation: number.optional(),
		hue: number.optional(),
	}),
	z.strictObject({kind: z.literal('noise'), sigma: number.optional()}),
	z.strictObject({
		kind: z.literal('blur'),
		kernel: number,
		sigmaMin: number.optional(),
		sigmaMax: number.optional(),
	}),
	z.strictObject({kind: z.literal('mixup'), alpha: number.optional(), probability}),
	z.strictObject({kind: z.literal('cutmix'), alpha: number.optional(), probability}),
]);

const augmentation: z.ZodType<Augmentation> = z.union(
	[
		z.array(transform),
		z.strictObject({
			rotation: number,
			translation: number,
			scaleMin: number,
			scaleMax: number,
			shear: number,
			brightness: number,
			contrast: number,
		}),
	],
	'a list of transforms',
);

/** The names and types of an experiment. An unknown name is an error. */
const experiment: z.ZodType<Experiment> = z.strictObject({
	net,
	start: z
		.strictObject({from: z.string(), sha256: z.string().optional(), freeze: z.array(z.string()).optional()})
		.optional(),
	augmentation: augmentation.optional(),
	optimizer: z.discriminatedUnion('kind', [
		z.strictObject({
			...{kind: z.literal('sgd').optional(), momentum: number, nesterov: z.boolean(), weightDecay: number},
			...limits,
		}),
		z.strictObject({
			...{kind: z.literal('adamw'), beta1: number.optional(), beta2: number.optional(), epsilon: number.optional()},
			...{weightDecay: number.optional(), ...limits},
		}),
	]),
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
		z.strictObject({kind: z.literal('cosine'), ...annealing}),
		z.strictObject({kind: z.literal('linear'), ...annealing}),
		z.strictObject({kind: z.literal('step'), learningRate: number, stepSize: number, gamma: number, warmUp}),
	]),
	averaging: z.strictObject({decay: number}).optional(),
	labelSmoothing: number,
	quantize: z.literal('int8').optional(),
	loss: z.strictObject({classWeights: classWeights.optional(), teacher: teacher.optional()}).optional(),
	batchSize: number,
	epochs: number,
});

/**
 * Checks names and types, and returns the experiment.
 *
 * @throws {ConfigError} for names that are unknown or missing, or else the first value of another type
 */
export const asExperiment = (value: unknown): Experiment => {
	checkLevels(value, 'experiment');
	return validate(experiment, value, 'experiment');
};

/**
 * Checks the names and types of a net alone, and returns it.
 *
 * @throws {ConfigError} for names that are unknown or missing, or else the first value of another type
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
