import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {validate, wrongChoice} from '../validation/validate.js';

/** How runs are trained on a cluster by Slurm. */
export type SlurmOptions = {
	/**
	 * The partition, as `sbatch --partition` takes it.
	 *
	 * @default the cluster’s
	 */
	readonly partition?: string;
	/**
	 * The account, as `sbatch --account` takes it.
	 *
	 * @default the user’s
	 */
	readonly account?: string;
	/**
	 * Time limit of a task. A task that reaches it saves its state, is queued again, and is resumed.
	 *
	 * @range whole number from 1 to 525600
	 * @unit minutes
	 * @default 60
	 */
	readonly time?: number;
	/**
	 * Memory of a task, as `sbatch --mem` takes it: `4G`.
	 *
	 * @default '2G'
	 */
	readonly mem?: string;
	/**
	 * Cores of a task. A task trains as many runs at once, on one thread each, unless `threads` says otherwise.
	 *
	 * @range whole number from 1 to 1024
	 * @unit cores
	 * @default 1
	 */
	readonly cpus?: number;
	/**
	 * Number of tasks that Slurm may run at once.
	 *
	 * @range whole number from 1 to 100000
	 * @unit tasks
	 * @default as many as the cluster allows
	 */
	readonly arrayLimit?: number;
	/**
	 * Number of runs that a task trains in one process. Slurm takes about two seconds to start a task: ten minutes of training make a good one.
	 *
	 * @range whole number from 1 to 100000
	 * @unit runs
	 * @default the runs over 64, at least `cpus`
	 */
	readonly runsPerTask?: number;
	/**
	 * Other options of `sbatch`: `['--qos=long', '--constraint=avx512']`.
	 *
	 * @default none
	 */
	readonly extra?: readonly string[];
};

/** Options with their defaults; those that the cluster decides stay `undefined`. */
export type SettledSlurm = SlurmOptions & {readonly time: number; readonly mem: string; readonly cpus: number};

/** Options of sbatch that are set here, with what sets them; those that would have tasks not be found are set by nobody. */
const own: ReadonlyArray<{readonly by: string; readonly short?: string; readonly long: readonly string[]}> = [
	{by: '`partition`', short: 'p', long: ['partition']},
	{by: '`account`', short: 'A', long: ['account']},
	{by: '`time`', short: 't', long: ['time']},
	{by: '`mem`', long: ['mem', 'mem-per-cpu', 'mem-per-gpu']},
	{by: '`cpus`', short: 'c', long: ['cpus-per-task']},
	{by: '`arrayLimit` and `runsPerTask`', short: 'a', long: ['array', 'array-inx']},
	{
		by: 'Stepladder itself',
		short: 'nJoeDWQhVuiM',
		long: [
			...['ntasks', 'job-name', 'output', 'error', 'chdir', 'wait', 'quiet', 'help', 'usage', 'version', 'input'],
			...['signal', 'comment', 'requeue', 'no-requeue', 'open-mode', 'parsable', 'test-only', 'wrap', 'export'],
			...['export-file', 'kill-on-invalid-dep', 'clusters', 'uid', 'gid'],
		],
	},
];

/** Returns what sets an option of sbatch. sbatch takes a long name that is cut short, and several short ones in one word. */
const setterOf = (option: string): string | undefined => {
	const [, long] = /^--([^=]*)/.exec(option) ?? [];
	const [, short = ''] = /^-[HIkOsv]*([^-])/.exec(option) ?? [];
	return own.find(names =>
		long === undefined ? names.short?.includes(short) : names.long.some(name => name.startsWith(long)),
	)?.by;
};

const count = (most: number) =>
	z.custom<number>(
		value => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most,
		`a whole number from 1 to ${most}`,
	);
const name = z.custom<string>(
	value => typeof value === 'string' && /^[^\s\p{Cc}]+$/u.test(value),
	'a name without spaces',
);
const schema = z.strictObject(
	{
		partition: name.optional(),
		account: name.optional(),
		time: count(525_600).optional(),
		mem: z
			.custom<string>(
				value => typeof value === 'string' && /^[1-9]\d*[KMGT]?$/i.test(value),
				'a size such as `2G` or `800M`',
			)
			.optional(),
		cpus: count(1024).optional(),
		arrayLimit: count(100_000).optional(),
		runsPerTask: count(100_000).optional(),
		extra: z
			.array(
				z.custom<string>(
					value => typeof value === 'string' && /^-[^\p{Cc}]+$/u.test(value),
					'an option of sbatch, such as `--qos=long`',
				),
				'a list of options of sbatch',
			)
			.optional(),
	} satisfies Record<keyof SlurmOptions, z.ZodType>,
	'an object',
);

/** The names of the options. */
export const slurmOptionNames = Object.keys(schema.shape) as ReadonlyArray<keyof SlurmOptions>;

/** The options in a ladder's file. */
export const slurmShape = schema.optional();

const named = z.object({slurm: slurmShape}); // made once, as in `train-options.ts`

/**
 * Checks the options, not whether the cluster accepts them.
 *
 * @throws {ConfigError} for unknown options, for one of another type, and for an `extra` that would contradict the others
 */
export const checkSlurm = (options: unknown): void => {
	validate(named, {slurm: options}, 'options');
	for (const [index, option] of ((options as SlurmOptions | undefined)?.extra ?? []).entries()) {
		const by = setterOf(option);
		if (by !== undefined) {
			throw new ConfigError(
				`slurm.extra.${index}`,
				`an option of sbatch that is not set by ${by}`,
				formatValue(option),
			);
		}
	}
};

/** Where runs are trained. */
export type Where = {
	/**
	 * Where its runs are trained: in this process, or by tasks of Slurm, which go on if this process ends.
	 *
	 * @default 'local'
	 */
	readonly on?: 'local' | 'slurm';
	/**
	 * How tasks of Slurm are asked for.
	 *
	 * @default the ladder’s, where it is known, else the defaults of each option
	 */
	readonly slurm?: SlurmOptions;
	/**
	 * Whether to end with a {@link DetachedError} as soon as the runs are submitted. The same call without it collects their results.
	 *
	 * @default false
	 */
	readonly detach?: boolean;
	/** Receives sentences about tasks of Slurm. */
	readonly report?: (sentence: string) => void;
};

/** The names of the options of {@link Where}. */
export const whereNames = ['on', 'slurm', 'detach', 'report'] as const satisfies ReadonlyArray<keyof Where>;

const whereSchema = z.object({
	detach: z.boolean().optional(),
	report: z.custom<Where['report']>(value => typeof value === 'function', 'a function').optional(),
});

/** @throws {ConfigError} for the first of the options that can't be used */
export const checkWhere = ({on = 'local', slurm, detach, report}: Where): void => {
	if (on !== 'local' && on !== 'slurm') {
		throw wrongChoice('on', '`local` or `slurm`', on, ['local', 'slurm']);
	}

	checkSlurm(slurm);
	validate(whereSchema, {detach, report}, 'options');
	if (detach === true && on !== 'slurm') {
		throw new ConfigError('detach', 'given with `on` as `slurm` (`--on slurm`)', '`local`');
	}
};

/** Fills in defaults. */
export const settleSlurm = (options: SlurmOptions): SettledSlurm => ({time: 60, mem: '2G', cpus: 1, ...options});

/** Seconds before its time limit at which a task is asked to save its state: 2 minutes, or a quarter of a short limit. */
export const warningSeconds = ({time}: Pick<SettledSlurm, 'time'>): number =>
	Math.min(120, Math.floor((time * 60) / 4));
