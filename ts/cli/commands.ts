import type {Command} from 'commander';
import type {Interruption} from './interruption.js';

/** A command as the program's help lists it, and how to load the rest of it. */
export type CommandEntry = {
	readonly name: string;
	/** Its options and arguments, as in the list of commands. */
	readonly usage: string;
	readonly description: string;
	/** Loads the command's module, and adds its options, arguments and action. */
	readonly load: (command: Command, interruption: Interruption) => Promise<Command>;
};

/** All commands, in the order of the help. */
export const commands: readonly CommandEntry[] = [
	{
		name: 'init',
		usage: '[dir]',
		description: 'Write a small ladder of your own, ready to train.',
		load: async command => (await import('./commands/init.js')).initCommand(command),
	},
	{
		name: 'new-step',
		usage: '[options] <name>',
		description: 'Write the file of the next step, with its change and its target to fill in.',
		load: async command => (await import('./commands/new-step.js')).newStepCommand(command),
	},
	{
		name: 'train',
		usage: '[options]',
		description: 'Train a step with one or more seeds, and say whether its target was held.',
		load: async (command, interruption) => (await import('./commands/train.js')).trainCommand(command, interruption),
	},
	{
		name: 'summary',
		usage: '[options]',
		description: 'Show a step’s layers: shapes, receptive field and parameters, from the net itself.',
		load: async command => (await import('./commands/summary.js')).summaryCommand(command),
	},
	{
		name: 'ladder',
		usage: '[options]',
		description: 'Show all steps side by side, with their results.',
		load: async command => (await import('./commands/ladder.js')).ladderCommand(command),
	},
	{
		name: 'runs',
		usage: '[options] [dir]',
		description: 'List the saved runs, newest first.',
		load: async command => (await import('./commands/runs.js')).runsCommand(command),
	},
	{
		name: 'live',
		usage: '[options] [runs...]',
		description: 'Serve a page that shows runs while they are trained, here or elsewhere.',
		load: async (command, interruption) => (await import('./commands/live.js')).liveCommand(command, interruption),
	},
	{
		name: 'predict',
		usage: '[options] <model> <image...>',
		description: 'Label images with the model of a run.',
		load: async (command, interruption) =>
			(await import('./commands/predict.js')).predictCommand(command, interruption),
	},
	{
		name: 'evaluate',
		usage: '[options] <model> [data]',
		description: 'Measure a model on labelled images: by class, with the images that it gets wrong.',
		load: async (command, interruption) =>
			(await import('./commands/evaluate.js')).evaluateCommand(command, interruption),
	},
	{
		name: 'inspect',
		usage: '[options] <model>',
		description: 'Show what a model file has: operations, tensors, and how images are prepared.',
		load: async command => (await import('./commands/inspect.js')).inspectCommand(command),
	},
	{
		name: 'export',
		usage: '[options] [model]',
		description: 'Write a model as ONNX, JavaScript, C or PyTorch, with the evidence that it answers the same.',
		load: async (command, interruption) => (await import('./commands/export.js')).exportCommand(command, interruption),
	},
	{
		name: 'record',
		usage: '[options]',
		description: 'Train a step over seeds and record the results, or check the records.',
		load: async (command, interruption) => (await import('./commands/record.js')).recordCommand(command, interruption),
	},
	{
		name: 'sweep',
		usage: '[options]',
		description: 'Try settings of a step on held-out training images, and keep the results.',
		load: async (command, interruption) => (await import('./commands/sweep.js')).sweepCommand(command, interruption),
	},
	{
		name: 'jobs',
		usage: '[options]',
		description: 'List what was submitted to Slurm, or cancel it.',
		load: async (command, interruption) => (await import('./commands/jobs.js')).jobsCommand(command, interruption),
	},
	{
		name: 'compare',
		usage: '[options] <runs...>',
		description: 'Compare runs or recorded steps, seed by seed and image by image: the first with each of the others.',
		load: async command => (await import('./commands/compare.js')).compareCommand(command),
	},
	{
		name: 'report',
		usage: '[options] [names...]',
		description:
			'Write a report of a ladder, of runs, or of several ladders, as Markdown and as one self-contained HTML file.',
		load: async command => (await import('./commands/report.js')).reportCommand(command),
	},
	{
		name: 'bench',
		usage: '[options]',
		description: 'Time training passes of a step on each engine and in other libraries, side by side in one run.',
		load: async (command, interruption) => (await import('./commands/bench.js')).benchCommand(command, interruption),
	},
	{
		name: 'setup',
		usage: '',
		description: 'Fetch what only some commands need.',
		load: async (command, interruption) => (await import('./commands/setup.js')).setupCommand(command, interruption),
	},
	{
		name: 'cache',
		usage: '[options]',
		description: 'List the cached images and libraries, or clean them up.',
		load: async command => (await import('./commands/cache.js')).cacheCommand(command),
	},
	{
		name: 'doctor',
		usage: '[options]',
		description: 'Show what is installed, and how to get what is missing.',
		load: async (command, interruption) => (await import('./commands/doctor.js')).doctorCommand(command, interruption),
	},
];
