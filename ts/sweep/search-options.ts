import {z} from 'zod';
import {ConfigError} from '../errors/index.js';
import {formatValue} from '../format/value.js';
import {seedsShape} from '../runs/train-options.js';
import {validate, wrongChoice} from '../validation/validate.js';
import {checkObjective, type ObjectiveName} from './objective.js';
import type {SweepPlan} from './plan.js';
import {rungsOfPlan} from './search.js';
import {whole} from './whole.js';

/** How trials are found, ranked, and ended early. */
export type SearchOptions = {
	/**
	 * The measure by which trials are ranked and tested, on the held-out images.
	 *
	 * @default 'accuracy'
	 */
	readonly objective?: ObjectiveName;
	/**
	 * The factor of successive halving. Trials that trail after their first epochs are ended: at each rung one in so many goes on,
	 * to so many times the epochs. Every trial is a training of all epochs that is ended early, never a shorter schedule.
	 *
	 * @range whole number, at least 2
	 * @unit factor
	 * @default none: all trials are trained to their end
	 * @follows Jamieson and Talwalkar 2016, “Non-stochastic best arm identification and hyperparameter optimization”
	 */
	readonly halving?: number;
	/**
	 * Proposes trials from the results of earlier ones, with `sample`: ten random draws, then five at once, by a tree-structured
	 * Parzen estimator.
	 *
	 * @default none: random draws
	 * @follows Bergstra et al. 2011, “Algorithms for hyper-parameter optimization”
	 */
	readonly search?: 'tpe';
	/**
	 * The number of best trials that are run again on fresh seeds; only these are tested.
	 *
	 * @range whole number, at least 1
	 * @unit trials
	 * @default 3 with `halving` or `search`, else none: all trials are tested on `seeds`
	 */
	readonly finalists?: number;
	/**
	 * The fresh seeds of the finalists and the unchanged step; none of `seeds`.
	 *
	 * @range different whole numbers from 0 to 4294967295, 1 to 10000 of them
	 * @unit seeds
	 * @default 201 to 205
	 */
	readonly finalSeeds?: readonly number[];
	/**
	 * The time for all runs, with `sample`: trials are drawn as long as they and the finalists are likely to end in it. Some are
	 * drawn always.
	 *
	 * @range whole number, at least 1
	 * @unit seconds
	 * @default none
	 */
	readonly budget?: number;
};

/** The names of {@link SearchOptions}. */
export const searchOptionNames = [
	...['objective', 'halving', 'search', 'finalists', 'finalSeeds', 'budget'],
] as const satisfies ReadonlyArray<keyof SearchOptions>;

type SearchPlan = Pick<SweepPlan, 'objective' | 'halving' | 'search' | 'finalists' | 'budget'>;

/**
 * Returns the parts of a plan that say how its trials are found, ranked, and ended early.
 *
 * @throws {ConfigError}
 */
export const searchPlan = (
	{
		objective,
		halving,
		search,
		finalists,
		finalSeeds,
		budget,
	}: {
		readonly [Name in keyof SearchOptions]: SearchOptions[Name] | undefined;
	},
	{sample, seeds}: Pick<SweepPlan, 'sample' | 'seeds'>,
): SearchPlan => {
	const isSearch = halving !== undefined || search !== undefined;
	const count = finalists ?? (isSearch ? 3 : undefined);
	if (search !== undefined && (search as string) !== 'tpe') {
		throw wrongChoice('search', '`tpe`', search, ['tpe']);
	}

	if (search !== undefined && halving !== undefined) {
		const sentence =
			'`search` and `halving` exclude each other: proposals need the results of whole trials. Leave one of them out';
		throw new ConfigError('search', 'left out with `halving`', search, sentence);
	}

	for (const [name, value] of Object.entries({search, budget})) {
		if (value !== undefined && sample === null) {
			const expected = `a number of trials to draw (\`sample\`, \`--sample <n>\`), where \`${name}\` is given`;
			throw new ConfigError('sample', expected, 'none');
		}
	}

	if (finalSeeds !== undefined && count === undefined) {
		throw new ConfigError(
			'finalSeeds',
			'left out, since no trial is run again: give `finalists`',
			formatValue(finalSeeds),
		);
	}

	const isDefault = objective === undefined || checkObjective(objective) === 'accuracy';
	return {
		...(!isDefault && {objective}),
		...(halving !== undefined && {halving: whole('halving', halving, 2)}),
		...(search !== undefined && {search: {kind: 'tpe', startup: 10, round: 5}}),
		...(count !== undefined && {
			finalists: {
				count: whole('finalists', count, 1),
				seeds: freshSeeds(finalSeeds ?? [201, 202, 203, 204, 205], seeds),
			},
		}),
		...(budget !== undefined && {budget: whole('budget', budget, 1)}),
	};
};

const freshSeeds = (finalSeeds: readonly number[], seeds: readonly number[]): readonly number[] => {
	validate(z.strictObject({finalSeeds: seedsShape}), {finalSeeds}, 'options');
	const used = finalSeeds.find(seed => seeds.includes(seed));
	if (used !== undefined) {
		const sentence =
			`\`finalSeeds\` has ${used}, which is one of \`seeds\`: the finalists were chosen on that seed, so a test on it would ` +
			'favour them; take others';
		throw new ConfigError('finalSeeds', 'none of `seeds`', String(used), sentence);
	}

	return [...finalSeeds];
};

/** @throws {ConfigError} if successive halving could end no trial early */
export const checkHalving = (plan: SweepPlan, trials: number): void => {
	const {halving, experiment, finalists, vary} = plan;
	if (halving === undefined) {
		return;
	}

	if (vary.some(({path}) => path === 'epochs')) {
		throw new ConfigError('vary', 'no `epochs` with `halving`, which compares trials after equal ones', '`epochs`');
	}

	if (rungsOfPlan(plan, trials).length < 2) {
		const least = halving * (finalists?.count ?? 1);
		const expected = `at most the ${experiment.epochs} epochs, with ${halving} times as many trials as finalists`;
		const sentence =
			`\`halving\` of ${halving} would end no trial early: it needs at least ${halving} epochs and ${least} trials ` +
			`(${halving} times the finalists), and there are ${experiment.epochs} epochs and ${trials} trials`;
		throw new ConfigError('halving', expected, String(halving), sentence);
	}
};
