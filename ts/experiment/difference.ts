import {isPlainObject, ownProperty} from '../validation/plain-object.js';
import type {Experiment, Transform} from './experiment.js';
import {transformChanges, transformsOf} from './transforms.js';

/** The aspects of an experiment. Each covers all settings that belong to one decision. */
export type Aspect =
	| 'whole net'
	| 'net block'
	| 'net head'
	| 'starting weights'
	| 'augmentation'
	| `augmentation: ${Transform['kind']}`
	| 'order of augmentation'
	| 'optimizer'
	| 'schedule'
	| 'averaging'
	| 'quantize'
	| 'loss'
	| 'teacher'
	| 'batch size'
	| 'epochs';

/** A setting that differs, by its path; `undefined` if one side does not have it. */
export type Difference = {readonly path: string; readonly before: unknown; readonly after: unknown};

/** Returns every setting in which two experiments differ. A list counts as one setting. */
export const differences = (before: unknown, after: unknown, path = ''): Difference[] => {
	if (isPlainObject(before) && isPlainObject(after)) {
		const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
		return [...keys].flatMap(key =>
			differences(ownProperty(before, key), ownProperty(after, key), path ? `${path}.${key}` : key),
		);
	}

	return JSON.stringify(before) === JSON.stringify(after) ? [] : [{path, before, after}];
};

/**
 * Returns the aspects in which two experiments differ. Learning rates belong to the schedule, and to the optimizer where that
 * has another kind: no rate suits both.
 */
export const aspectsChanged = (before: Experiment, after: Experiment): Aspect[] => {
	// the settings of a loss that one of them leaves out are aspects of their own
	const withLoss = (experiment: Experiment): Experiment => ({...experiment, loss: experiment.loss ?? {}});
	const found = differences(withLoss(before), withLoss(after)).map(({path}) => path);
	const isOtherOptimizer = optimizerKind(before) !== optimizerKind(after);
	const aspects = new Set(found.map(path => (isOtherOptimizer && rates.includes(path) ? 'optimizer' : aspectOf(path))));
	if (aspects.has('whole net')) {
		// a new body includes its blocks and its head
		aspects.delete('net block');
		aspects.delete('net head');
	}

	return [...aspects].flatMap(aspect => (aspect === 'augmentation' ? transformAspects(before, after) : [aspect]));
};

/** Returns one aspect for each transform that differs; a change of form is one. */
const transformAspects = (before: Experiment, after: Experiment): Aspect[] => {
	const [old, current] = [transformsOf(before.augmentation), transformsOf(after.augmentation)];
	if (!old || !current) {
		return ['augmentation'];
	}

	const {changes, isReordered} = transformChanges(old, current);
	const aspects = changes.map(({kind}): Aspect => `augmentation: ${kind}`);
	return isReordered ? [...aspects, 'order of augmentation'] : aspects;
};

const optimizerKind = ({optimizer: {kind = 'sgd'}}: Experiment): string => kind;

const rates = ['learningRate', 'maxLearningRate', 'finalLearningRate'].map(name => `schedule.${name}`);

const aspectOf = (path: string): Aspect => {
	const [first, second] = path.split('.');
	switch (first) {
		case 'net': {
			return second === 'block' ? 'net block' : second === 'head' ? 'net head' : 'whole net';
		}

		case 'start': {
			return 'starting weights';
		}

		case 'loss': {
			return second === 'teacher' ? 'teacher' : 'loss';
		}

		case 'labelSmoothing': {
			return 'loss';
		}

		case 'batchSize': {
			return 'batch size';
		}

		default: {
			return first as 'augmentation' | 'optimizer' | 'schedule' | 'averaging' | 'quantize' | 'epochs';
		}
	}
};
