import {z} from 'zod';
import type {DataSource} from '../data/data.js';
import {checkThreshold, type PartialGoal} from '../experiment/goal.js';
import type {Metric} from '../experiment/metric.js';
import {checkSlurm, type SlurmOptions, slurmShape} from '../slurm/options.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import {validate} from '../validation/validate.js';

/** A published result of others, shown with the ladder's own. */
export type PublishedResult = {
	/** The model, or the method. */
	readonly name: string;
	/**
	 * Number of its parameters.
	 *
	 * @range whole number, at least 1
	 * @unit parameters
	 */
	readonly parameters: number;
	/**
	 * Test accuracy.
	 *
	 * @range number above 0 and at most 1
	 * @unit fraction
	 */
	readonly accuracy: number;
	/** Where it was published, and how it was measured. */
	readonly source: string;
};

/** The definition of a ladder, without its steps. */
export type LadderDefinition = {
	/** Shown in tables and reports. */
	readonly name: string;
	/** The data that every step is trained on. */
	readonly data: DataSource;
	/**
	 * The goal of the whole ladder, and its budgets; shown with its steps.
	 *
	 * @default none
	 */
	readonly target?: PartialGoal;
	/**
	 * Results of others, shown with the ladder's own.
	 *
	 * @default none
	 */
	readonly published?: readonly PublishedResult[];
	/**
	 * How tasks of Slurm are asked for, with `--on slurm`.
	 *
	 * @default the cluster’s own partition and account, and the defaults of each option
	 */
	readonly slurm?: SlurmOptions;
};

const whole = z
	.number('a whole number, at least 1')
	.int('a whole number, at least 1')
	.min(1, 'a whole number, at least 1');
const fraction = z
	.number('a fraction above 0 and at most 1')
	.gt(0, 'a fraction above 0 and at most 1')
	.max(1, 'a fraction above 0 and at most 1');
const text = z.string('a text').regex(/\S/, 'a text');
const target = z
	.strictObject(
		{
			...{testAccuracy: fraction, metric: z.custom<Metric>(), atLeast: fraction},
			...{heldFor: whole, maxParameters: whole, maxEpochs: whole},
		},
		'an object',
	)
	.partial();
const result = z.strictObject({name: text, parameters: whole, accuracy: fraction, source: text}, 'an object');
const schema = z.strictObject(
	{
		name: text,
		data: z.custom<DataSource>(
			value => typeof (value as DataSource | undefined)?.open === 'function',
			"a source of data, such as `imageFolder('images', {size: 28})`",
		),
		target: target.optional(),
		published: z.array(result, 'a list').optional(),
		slurm: slurmShape,
	},
	'an object with `name` and `data`',
);

/**
 * Defines a ladder: the default export of its `ladder.ts`.
 *
 * @example
 * ```ts
 * export default defineLadder({name: 'shoes', data: imageFolder('images', {size: 28}), target: {maxParameters: 8000}});
 * ```
 * @throws {ConfigError} for all unknown and missing properties, or else for the first one of another type
 */
export const defineLadder = (definition: LadderDefinition): LadderDefinition => {
	validate(schema, definition, 'ladder');
	checkSlurm(definition.slurm);
	const goal = definition.target ?? {};
	if ((goal.testAccuracy ?? goal.metric ?? goal.atLeast) !== undefined) {
		checkThreshold(goal);
	}

	return deepFreeze({...definition});
};
