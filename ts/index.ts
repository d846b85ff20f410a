/** The public names of Stepladder, and nothing else. */
export {type ArraySet, type Arrays, arrays} from './data/arrays.js';
export type {Data, DataDescription, DataSource, ImageForm, OpenOptions} from './data/data.js';
export {idx} from './data/idx.js';
export {type ImageFolderOptions, imageFolder} from './data/image-folder.js';
export {mnist} from './data/mnist.js';
export * from './errors/index.js';
export {resume, type Training, train} from './experiment/train.js';
export {defineLadder, type LadderDefinition, type PublishedResult} from './ladder/define-ladder.js';
export {findLadder} from './ladder/find-ladder.js';
export {type Ladder, openLadder, type Place, type RefusedStep} from './ladder/open-ladder.js';
export {listRuns, type RunSummary} from './log/list-runs.js';
export {type ImagePrediction, loadModel, type Model, type Prediction} from './model/load-model.js';
export {type NamedPrediction, predict} from './model/predict.js';
export type {PredictOptions} from './model/read-images.js';
export type {RecordOptions} from './record/make-record.js';
export {type Recorder, record} from './record/record.js';
export {compareRuns, type RunComparisons} from './report/compare-runs.js';
export {type ComparedMeasure, type Comparison, compare} from './report/comparison.js';
export {type Report, report, reportRuns} from './report/report.js';
export type {RunsOptions} from './report/run-groups.js';
export {type SweepEvent, type SweepOptions, sweep} from './sweep/sweep.js';
export {defineStep, type Step, type StepDefinition, type Target} from './terms/define-step.js';
export {type Aspect, aspectsChanged, type Difference, differences} from './terms/difference.js';
export type {
	BatchEvent,
	Engine,
	EpochEvent,
	SeedEvent,
	SeedResult,
	StartEvent,
	TrainEvent,
	TrainResult,
} from './terms/events.js';
export {
	betterOnImages,
	type Claim,
	claim,
	difference,
	type Evidence,
	type Examined,
	equivalent,
	type Foreknowledge,
	fell,
	isAbove,
	isBelow,
	onImages,
	rose,
	shareOfLast,
	shift,
	untold,
} from './terms/evidence.js';
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
} from './terms/experiment.js';
export type {Goal} from './terms/goal.js';
export {type Measure, measures} from './terms/measures.js';
export type {Change} from './terms/merge.js';
export {type Mistake, mistakesOf} from './terms/mistakes.js';
export type {StepPromise} from './terms/promise.js';
export type {StepRecord} from './terms/record.js';
export type {Measured, Recorded} from './terms/recorded.js';
export {type Summary, type SummaryRow, summarize} from './terms/summarize.js';
export type {SweepPlan, SweepRecord, Swept, SweptTrial, TriedSetting, Varied} from './terms/sweep.js';
export type {TrainOptions} from './terms/train-options.js';
export {percent} from './text/percent.js';
export {estimate, points, probability} from './text/points.js';
