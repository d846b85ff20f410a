/** The public names of Stepladder, and nothing else. */
export * from './errors/index.js';
export {defineStep, type Goal, type Step, type StepDefinition, type Target} from './experiment/define-step.js';
export {type Aspect, aspectsChanged, type Difference, differences} from './experiment/difference.js';
export type {
	BatchEvent,
	EpochEvent,
	SeedEvent,
	SeedResult,
	StartEvent,
	TrainEvent,
	TrainResult,
} from './experiment/events.js';
export type {
	Augmentation,
	Averaging,
	Block,
	CycleMomentum,
	Experiment,
	Layer,
	Net,
	Optimizer,
	Schedule,
} from './experiment/experiment.js';
export type {Change} from './experiment/merge.js';
export {type Summary, type SummaryRow, summarize} from './experiment/summarize.js';
export {resume, type Training, train} from './experiment/train.js';
export type {TrainOptions} from './experiment/train-options.js';
export {loadModel, type Model, type Prediction} from './model/load-model.js';
export {
	type Claim,
	claim,
	difference,
	type Evidence,
	fell,
	onImages,
	rose,
	same,
	shareOfLast,
	shift,
} from './record/evidence.js';
export {type Measure, measures, type Recorded} from './record/recorded.js';
export {findStep, steps} from './steps/index.js';
