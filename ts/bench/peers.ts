/** A library to compare with: the script that runs it, and the variants that it is timed in. */
export type PeerKind = {
	readonly name: string;
	/** What starts it: a Python, this Node with packages of npm, or a program that cargo builds. */
	readonly runs: 'python' | 'node' | 'cargo';
	/** Its script in `scripts/reference`; of `cargo`, the program. */
	readonly script: string;
	readonly variants: readonly string[];
	/** Command that installs it. */
	readonly install: string;
	/** Whether it has the step's augmentation; the others are timed without, beside Stepladder and PyTorch without. */
	readonly augments: boolean;
	/** Whether it uses all cores; else one thread. */
	readonly isParallel: boolean;
	/** The most batches of a pass, of a library that takes minutes for more. */
	readonly mostBatches?: number;
};

export const pytorch: PeerKind = {
	name: 'PyTorch',
	runs: 'python',
	script: 'bench_pytorch.py',
	variants: ['eager', 'channels-last', 'compile', 'bf16'],
	install: 'pip install torch==2.13.0 numpy',
	augments: true,
	isParallel: true,
};

/** The variant of {@link pytorch} that others are compared with. */
export const eager = 'eager';

/** All libraries that can be timed in training, in the order of the table. */
export const peerKinds: readonly PeerKind[] = [
	pytorch,
	{
		name: 'JAX',
		runs: 'python',
		script: 'bench_jax.py',
		variants: ['jit'],
		install: "pip install 'jax[cpu]'",
		augments: true,
		isParallel: true,
	},
	{
		name: 'tinygrad',
		runs: 'python',
		script: 'bench_tinygrad.py',
		variants: ['jit'],
		install: 'pip install tinygrad numpy, and clang',
		augments: false,
		isParallel: true,
	},
	{
		name: 'burn',
		runs: 'cargo',
		script: 'burn',
		variants: ['flex'],
		install: 'a Rust toolchain',
		augments: false,
		isParallel: true,
	},
	{
		name: 'candle',
		runs: 'cargo',
		script: 'candle',
		variants: ['cpu'],
		install: 'a Rust toolchain',
		augments: false,
		isParallel: true,
	},
	{
		name: 'tfjs',
		runs: 'node',
		script: 'bench_tfjs.mjs',
		variants: ['cpu'],
		install: 'npm install @tensorflow/tfjs',
		augments: false,
		isParallel: false,
		mostBatches: 2,
	},
];
