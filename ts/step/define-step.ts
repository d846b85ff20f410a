import type {Claim, Evidence, PriorEvidence} from '../claims/evidence.js';
import {ConfigError} from '../errors/index.js';
import {type Aspect, aspectsChanged} from '../experiment/difference.js';
import {asExperiment, type Experiment} from '../experiment/experiment.js';
import {checkGoal, type Goal, goalOf} from '../experiment/goal.js';
import {type Change, merge} from '../experiment/merge.js';
import {formatValue} from '../format/value.js';
import {checkNames} from '../validation/check-names.js';
import {deepFreeze} from '../validation/deep-freeze.js';
import {checkObject, isPlainObject} from '../validation/plain-object.js';
import {readsWeights, withWeightHashes} from './weight-files.js';

/** Target of a step, with its reason. */
export type Target = Goal & {
	/**
	 * Reason for this target: what the record of the previous step and the change lead one to expect. A function gets the
	 * records of other steps, from which it fills in figures.
	 */
	readonly why: string | ((known: PriorEvidence) => string);
	/**
	 * What is wrong in the reason, as became known later. It stands beside the reason, which stays as it was preregistered. A
	 * function gets the records, from which it fills in figures.
	 *
	 * @default none
	 */
	readonly correction?: string | ((evidence: Evidence) => string);
};

/** A step of a ladder, with its full experiment. */
export type Step = {
	/** Name, as typed after `--step`. */
	readonly name: string;
	/** The step that it grew from; `undefined` for the first. */
	readonly from: Step | undefined;
	/** The aspect that it changes of that step; `undefined` for the first. */
	readonly aspect: Aspect | undefined;
	readonly experiment: Experiment;
	/** The folder that relative paths of the experiment start from; `undefined` for the working folder. */
	readonly folder?: string | undefined;
	/** The folder of the ladder that it was opened from, whose ledger notes its trainings; `undefined` outside of a ladder. */
	readonly ladder?: string | undefined;
	readonly target: Target;
	/** Claims about its record; empty before it was trained. */
	readonly analysis: readonly Claim[];
};

/** The part of a step that training needs. */
export type Trainable = Pick<Step, 'name' | 'experiment'> & {
	readonly target: Goal;
	readonly from?: Step | undefined;
	readonly folder?: string | undefined;
	/** As in {@link Step}. */
	readonly ladder?: string | undefined;
	/** Settings that differ from the unchanged step, if this is a trial. */
	readonly trial?: ReadonlyArray<{readonly path: string; readonly value: unknown}> | undefined;
};

/** Definition of a step: the first has an experiment, every other a change of the step that it grew from. */
export type StepDefinition = {
	/** Name, as typed after `--step`: lower-case words with hyphens, as its file is called. */
	name: string;
	/** Its target, with the reason. */
	target: Target;
	/**
	 * Claims about its record.
	 *
	 * @default none
	 */
	analysis?: readonly Claim[];
} & (
	| {
			/**
			 * All settings of a first step.
			 *
			 * @default `from` and `change` in its place
			 */
			experiment: Experiment;
			from?: never;
			change?: never;
	  }
	| {
			/**
			 * The step that it grew from.
			 *
			 * @default `experiment` in its place
			 */
			from: Step;
			/**
			 * The change of that step's experiment, about one aspect.
			 *
			 * @default `experiment` in its place
			 */
			change: Change<Experiment>;
			experiment?: never;
	  }
);

/**
 * Resolves a step's experiment and checks the step.
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
 * @throws {ConfigError} for a step that changes no aspect or more than one, a target without a reason, a claim without a
 * test, or an unknown setting
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
		checkNames(definition, definitionNames);
		const experiment = asExperiment(
			definition.from ? merge(definition.from.experiment, definition.change) : definition.experiment,
		);
		checkTarget(target);
		checkReach(target, experiment);
		checkAnalysis(analysis);
		const aspect = from && onlyAspect(from, experiment);
		// Copies, since deepFreeze must not freeze the caller's objects.
		const step = deepFreeze({
			name,
			from,
			aspect,
			experiment,
			target: {
				why: target.why,
				...(target.correction !== undefined && {correction: target.correction}),
				...goalOf(target),
			},
			analysis: [...analysis],
		});
		defined.add(step);
		return step;
	});
};

/** Returns a step, and those that it grew from, with the folder of its ladder and the hashes of the files of weights that it reads. */
export const placeStep = (step: Step, ladder: string): Step => {
	const experiment = withWeightHashes(step.experiment, ladder);
	const folder = readsWeights(experiment) && {folder: ladder};
	const placed = deepFreeze({...step, from: step.from && placeStep(step.from, ladder), experiment, ...folder, ladder});
	defined.add(placed);
	return placed;
};

const defined = new WeakSet<object>();

/** Returns whether {@link defineStep} returned a value. */
export const isStep = (value: unknown): value is Step =>
	typeof value === 'object' && value !== null && defined.has(value);

/** @throws {ConfigError} if a value can't be trained, such as the name of a step */
export const checkTrainable = (value: unknown): void => {
	const {name, experiment, target} = (value ?? {}) as Partial<Trainable>;
	if (!isPlainObject(experiment) || !isPlainObject(target)) {
		throw new ConfigError('step', 'a step, such as `ladder.step(NAME)`', formatValue(value));
	}

	checkName(name); // it becomes part of a path
	checkGoal(target as Goal);
};

/** @throws {ConfigError} if a value is not a valid name of a step */
export const checkName = (name: unknown): void => {
	if (typeof name !== 'string' || name.length > 200 || !/^[a-z\d]+(-[a-z\d]+)*$/.test(name)) {
		throw new ConfigError('name', 'lower-case words joined by hyphens, at most 200 letters', formatValue(name));
	}

	if (name === 'latest') {
		throw new ConfigError('name', 'another name', name, '`latest` is reserved for the link to the newest run');
	}

	if (/^(con|prn|aux|nul|com\d|lpt\d)$/.test(name)) {
		const sentence = `\`${name}\` can’t be the name of a folder on Windows, where it is a device: choose another name`;
		throw new ConfigError('name', 'another name', name, sentence);
	}
};

const onlyAspect = (from: Step, experiment: Experiment): Aspect => {
	const aspects = aspectsChanged(from.experiment, experiment);
	const [aspect] = aspects;
	if (!aspect) {
		throw new ConfigError('change', `a change against \`${from.name}\``, 'the same experiment');
	}

	if (aspects.length > 1) {
		throw new ConfigError('change', 'about one aspect, so that its effect can be measured', `${aspects.join(' and ')}`);
	}

	return aspect;
};

const checkTarget = (target: Target): void => {
	const why: unknown = target?.why;
	if (typeof why !== 'function' && (typeof why !== 'string' || why.trim() === '')) {
		throw new ConfigError('target.why', 'a sentence that says why the target is what it is', formatValue(why));
	}

	const correction: unknown = target.correction;
	if (
		!['undefined', 'function', 'string'].includes(typeof correction) ||
		(typeof correction === 'string' && correction.trim() === '')
	) {
		throw new ConfigError('target.correction', 'a sentence that says what is wrong in `why`', formatValue(correction));
	}

	checkNames(target, targetNames, 'target');
	checkGoal(target);
};

const definitionNames = ['name', 'from', 'experiment', 'change', 'target', 'analysis'] as const satisfies ReadonlyArray<
	keyof StepDefinition
>;

const targetNames = [
	...['why', 'correction', 'testAccuracy', 'metric', 'atLeast', 'heldFor', 'maxParameters', 'maxEpochs', 'primary'],
] as const satisfies ReadonlyArray<keyof Target>;

/** @throws {ConfigError} for a target that no run could hold, since it has too few epochs */
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
