import type {TrainedNet} from './read-model.js';

/** A file of an export. */
export type ExportedFile = {
	/** Its name in the export's folder. */
	readonly name: string;
	readonly content: string | Uint8Array;
};

/** How a model is written. A format ignores what it has no use for. */
export type WriteOptions = {
	/** An identifier in C and JavaScript, after which files and functions are named. */
	readonly name: string;
	/** Whether norms were folded into convolutions. */
	readonly fold: boolean;
	/** The version of ONNX's operators. */
	readonly opset: number;
	/** Whether an ONNX file has the probabilities as a second output. */
	readonly softmax: boolean;
	/** Whether C computes in whole numbers. */
	readonly int8: boolean;
};

/** How an export's answers are computed. */
export type RuntimeOptions = {
	/** The command or path of a Python that has what a format needs; `undefined` if none was named. */
	readonly python: string | undefined;
	readonly signal: AbortSignal;
};

/** The size and the work of an export on a device. */
export type Figures = {
	/** Bytes of code and constants. */
	readonly flash: number;
	/** Bytes of static memory. */
	readonly ram: number;
	/** Bytes of the stack, at most. */
	readonly stack: number;
	/** Instructions of one image, on average. */
	readonly instructions: number;
};

/** Answers for images, computed from the files that an export wrote. */
export type Runtime = {
	/** What computes them, with its version, such as `Node.js 20.20.2`. */
	readonly name: string;
	/** Computes logits `[N, classes]` of images `[N, channels, size, size]`, a byte a value. */
	readonly logits: (pixels: Uint8Array) => Promise<Float32Array>;
	/** The number of images that it answers at most, where it is slow. */
	readonly most?: number;
	/** Returns its figures, after it has answered. */
	readonly figures?: () => Figures;
	/** Ends what was started. */
	readonly close?: () => void | Promise<void>;
};

/** A runtime that is not there. */
export type MissingRuntime = {
	readonly name: string;
	/** Why, and how to get it. */
	readonly missing: string;
};

/** A format that models are exported to: a walk over the graph, in a folder of its own. */
export type Format = {
	/** Returns whether dropouts stay in the graph, for formats that can be trained further. */
	readonly keepsDropouts: boolean;
	/**
	 * Returns the files of an export, without its README.md, its model file and its evidence.
	 *
	 * @param model with the rewrites that were asked for
	 * @param images training images for the ranges of whole numbers, `[N, channels, size, size]`; none for floats
	 * @throws {ConfigError} for an operation or a size that the format can't express
	 */
	readonly write: (model: TrainedNet, options: WriteOptions, images: Uint8Array) => ExportedFile[];
	/** Returns the README.md: how the files are used, in code that works. */
	readonly readme: (model: TrainedNet, options: WriteOptions) => string;
	/**
	 * Opens the runtimes that answer by the files in an export's folder.
	 *
	 * @param model as it was written
	 */
	readonly runtimes: (
		folder: string,
		model: TrainedNet,
		options: WriteOptions & RuntimeOptions,
	) => Promise<Array<Runtime | MissingRuntime>>;
};
