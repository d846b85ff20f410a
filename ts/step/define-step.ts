import type {Claim, PriorEvidence} from '../claims/evidence.js';
import {ConfigError} from '../errors/index.js';
import {type Aspect, aspectsChanged} from '../experiment/difference.js';
import {asExperiment, type Experiment} from '../experiment/experiment.js';
import {checkGoal, type Goal, goalOf} from '../experiment/goal.js';
import {type Change, merge} from '../experiment/merge.js';
import {formatValue} from '../format/value.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import {checkObject, isPlainObject} from '../validation/plain-object.js';

/** What a step sets out to reach, and the reason. */
export type Target = Goal & {
	/**
	 * Why this target: what the step before leads one to expect, and what the change is known to do. Figures come from
	 * the records of other steps, so that none is typed.
	 */
	readonly why: string | ((known: PriorEvidence) => string);
};

/** A step of the ladder, resolved. */
export type Step = {
	/** As typed after `--step`. */
	readonly name: string;
	/** The step it grew from; the first has none. */
	readonly from: Step | undefined;
	/** What it changed against that; the first changed nothing. */
	readonly aspect: Aspect | undefined;
	readonly experiment: Experiment;
	readonly target: Target;
	/** What is to be learned from its record, each sentence with its test; none before it was run. */
	readonly analysis: readonly Claim[];
};

/** As much of a step as training needs. */
export type Trainable = Pick<Step, 'name' | 'experiment'> & {
	readonly target: Goal;
	readonly from?: Step | undefined;
	/** What differs from the step as it is, where this is a trial of other settings. */
	readonly trial?: ReadonlyArray<{readonly path: string; readonly value: unknown}> | undefined;
};

/** The first step says everything; every other says what changed since the one it grew from. */
export type StepDefinition = {name: string; target: Target; analysis?: readonly Claim[]} & (
	| {experiment: Experiment; from?: never; change?: never}
	| {from: Step; change: Change<Experiment>; experiment?: never}
);

/**
 * Resolves a step and holds it to the rules of the ladder.
 *
 * @example
 * ```ts
 * export default defineStep({
 * 	name: 'more-dropout',
 * 	from: dropout,
 * 	change: {net: {block: {dropout: 0.1}}},
 * 	target: {why: 'Three times the dropout should close the gap.', testAccuracy: 0.99, heldFor: 3, maxParameters: 15_000, maxEpochs: 15},
 * });
 * ```
 * @throws {ConfigError} for a step that changes more than one aspect or nothing, a target without a reason, a claim
 * without a test, or a setting that doesn't exist
 */
export const defineStep = (definition: StepDefinition): Step => {
	checkObject('step', definition, 'an object with `name`, `target`, and `experiment` or `from` and `change`');
	const {name, from, target, analysis = []} = definition;
	checkName(name);
	if (from) {
		checkObject('from', from, 'a step, as `defineStep` gives it');
		checkObject('from.experiment', from.experiment);
	}

	const inStep = <Value>(work: () => Value): Value => {
		try {
			return work();
		} catch (error) {
			if (error instanceof ConfigError) {
				const {setting, expected, got, message} = error;
				throw new ConfigError(setting, expected, got, `step \`${name}\`: ${message}`);
			}

			throw error;
		}
	};

	return inStep(() => {
		const experiment = asExperiment(
			definition.from ? merge(definition.from.experiment, definition.change) : definition.experiment,
		);
		checkTarget(target);
		checkReach(target, experiment);
		checkAnalysis(analysis);
		const aspect = from && onlyAspect(from, experiment);
		// Copies, since what came in still belongs to the caller.
		const step = deepFreeze({
			name,
			from,
			aspect,
			experiment,
			target: {...target, ...goalOf(target)},
			analysis: [...analysis],
		});
		defined.add(step);
		return step;
	});
};

const defined = new WeakSet<object>();

/** Whether a value came from {@link defineStep}. */
export const isStep = (value: unknown): value is Step =>
	typeof value === 'object' && value !== null && defined.has(value);

/** @throws {ConfigError} for what can't be trained, such as the name of a step */
export const checkTrainable = (value: unknown): void => {
	const {name, experiment, target} = (value ?? {}) as Partial<Trainable>;
	if (!isPlainObject(experiment) || !isPlainObject(target)) {
		throw new ConfigError('step', 'a step, such as `ladder.step(NAME)`', formatValue(value));
	}

	checkName(name); // which is part of a path
	checkGoal(target as Goal);
};

/** @throws {ConfigError} for what is no name of a step */
export const checkName = (name: unknown): void => {
	if (typeof name !== 'string' || name.length > 200 || !/^[a-z\d]+(-[a-z\d]+)*$/.test(name)) {
		throw new ConfigError('name', 'lower-case words joined by hyphens, at most 200 letters', formatValue(name));
	}

	if (name === 'latest') {
		throw new ConfigError('name', 'another name', name, '`latest` is reserved for the link to the newest run');
	}
};

const onlyAspect = (from: Step, experiment: Experiment): Aspect => {
	const aspects = aspectsChanged(from.experiment, experiment);
	const [aspect] = aspects;
	if (!aspect) {
		throw new ConfigError('change', `a change against \`${from.name}\``, 'the same experiment');
	}

	if (aspects.length > 1) {
		throw new ConfigError('change', 'about one aspect, so that its effect can be told', `${aspects.join(' and ')}`);
	}

	return aspect;
};

const checkTarget = (target: Target): void => {
	const why: unknown = target?.why;
	if (typeof why !== 'function' && (typeof why !== 'string' || why.trim() === '')) {
		throw new ConfigError('target.why', 'a sentence that says why the target is what it is', formatValue(why));
	}

	checkGoal(target);
};

/** A target that no run of the step could hold would be missed by every seed. */
const checkReach = ({heldFor}: Target, {epochs}: Experiment): void => {
	if (heldFor > epochs) {
		throw new ConfigError('target.heldFor', `at most ${epochs}, the epochs that the step trains`, String(heldFor));
	}
};

const checkAnalysis = (analysis: readonly Claim[]): void => {
	if (!Array.isArray(analysis)) {
		throw new ConfigError('analysis', 'a list of claims', formatValue(analysis));
	}

	for (const [index, claim] of analysis.entries()) {
		for (const part of ['say', 'holds'] as const) {
			if (typeof claim?.[part] !== 'function') {
				const wanted = {say: 'a sentence', holds: 'a predicate over the records that says when it is true'}[part];
				throw new ConfigError(`analysis.${index}.${part}`, wanted, formatValue(claim?.[part]));
			}
		}
	}
};
