import './platform/check-bundled.js';

/** The public names of Stepladder, and nothing else. */

export {
	type AnalyzedRecord,
	betterOnImages,
	type Claim,
	claim,
	difference,
	type Evidence,
	equivalent,
	fell,
	inconclusive,
	isAbove,
	isBelow,
	onImages,
	type PriorEvidence,
	rose,
	shareOfLast,
	shift,
} from './claims/evidence.js';
export type {Measured} from './claims/measured.js';
export type {MeasuredClass} from './claims/measured-predictions.js';
export {type MeasuredRecord, measureOf, ofClass} from './claims/measured-record.js';
export {type Mistake, mistakesOf} from './claims/mistakes.js';
export type {Preregistration} from './claims/preregistration.js';
export type {StepRecord} from './claims/step-record.js';
export type {SweepSummary, TrialSummary} from './claims/sweep-summary.js';
export {type ArraySet, type Arrays, arrays} from './data/arrays.js';
export {type CsvOptions, csv} from './data/csv.js';
export type {Data, DataDescription, DataSource, ImageForm, OpenOptions} from './data/data.js';
export type {DeclaredPreparation, Fit, Preparation} from './data/decode/preparation.js';
export type {Findings} from './data/findings.js';
export {type IdxOptions, idx} from './data/idx.js';
export {type ImageFolderOptions, imageFolder} from './data/image-folder/image-folder.js';
export type {Split} from './data/image-folder/split-images.js';
export {mnist} from './data/mnist.js';
export {npz} from './data/npz.js';
export * from './errors/index.js';
export {type Aspect, aspectsChanged, type Difference, differences} from './experiment/difference.js';
export type {
	Activation,
	AdamW,
	Annealing,
	Augmentation,
	AugmentationRanges,
	Averaging,
	Block,
	Colour,
	CycleMomentum,
	Experiment,
	Layer,
	Loss,
	Net,
	Optimizer,
	Schedule,
	Sgd,
	Start,
	Teacher,
	Transform,
	WarmUp,
} from './experiment/experiment.js';
export type {Goal, PartialGoal} from './experiment/goal.js';
export {type Measure, measures} from './experiment/measures.js';
export type {Change} from './experiment/merge.js';
export type {ConstantAnswer, Metric} from './experiment/metric.js';
export type {PredictionMeasures} from './experiment/prediction-measures.js';
export type {TriedSetting} from './experiment/settings.js';
export {type Summary, type SummaryRow, summarize} from './experiment/summarize.js';
export {type CheckedExport, checkExport} from './export/check-export.js';
export type {CheckOptions} from './export/compare-export.js';
export type {ComparedImages, ExportAnswers, ExportComparison} from './export/evidence.js';
export type {ExportEvidence, HashedFile} from './export/export-file.js';
export {type Exported, type ExportOptions, exportModel} from './export/export-model.js';
export {estimate, percent, points, probability} from './format/figures.js';
export {defineLadder, type LadderDefinition, type PublishedResult} from './ladder/define-ladder.js';
export {findLadder} from './ladder/find-ladder.js';
export {type Ladder, openLadder, type RefusedStep, type StepEntry} from './ladder/open-ladder.js';
export {type EvaluatedImage, type EvaluateOptions, type Evaluation, evaluate} from './model/evaluate/evaluate.js';
export type {SetName} from './model/evaluate/labelled-images.js';
export {loadModel, type Model} from './model/load-model.js';
export {type NamedPrediction, predict} from './model/predict.js';
export type {ImageOutcome, PredictImagesOptions} from './model/predict-in-batches.js';
export type {ImagePrediction, Prediction} from './model/prediction.js';
export type {PredictOptions} from './model/read-image.js';
export type {Engine} from './native/engine.js';
export type {RecordOptions} from './record/make-record.js';
export {type Recorder, record} from './record/record.js';
export {recordedModel} from './record/recorded-model.js';
export {compareRuns, type RunComparisons} from './report/compare-runs.js';
export {type ComparedMeasure, type Comparison, compare} from './report/comparison.js';
export {type LaddersReport, type Report, report, reportLadders, reportRuns} from './report/report.js';
export type {RunsOptions} from './report/run-groups.js';
export type {
	BatchEvent,
	EpochEvent,
	EstimateOverSeeds,
	LoadedWeights,
	MissingClasses,
	SeedEvent,
	SeedResult,
	StartEvent,
	TrainEvent,
	TrainMeasures,
	TrainResult,
} from './runs/events.js';
export {listRuns, type RunSummary} from './runs/list-runs.js';
export type {TrainOptions} from './runs/train-options.js';
export type {SlurmOptions, Where} from './slurm/options.js';
export type {ClassCounts, ClassificationMeasures, ClassMeasures} from './statistics/classification.js';
export {defineStep, type Step, type StepDefinition, type Target} from './step/define-step.js';
export type {SweepPlan} from './sweep/plan.js';
export type {SweepResult} from './sweep/result.js';
export {type SweepOptions, sweep} from './sweep/sweep.js';
export type {SweepEvent} from './sweep/sweep-event.js';
export type {SweepRecord} from './sweep/sweep-record.js';
export type {Varied} from './sweep/varied.js';
export {type ResumeOptions, resume} from './training/resume.js';
export {train} from './training/train.js';
export type {Training} from './training/training.js';
