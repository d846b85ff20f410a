//! One run, from a seed to a model.

use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::TrainError;
use crate::checkpoint::{self, Identity, WeightFiles};
use crate::config::{Experiment, RunOptions};
use crate::data::{Batches, Dataset, Images};
use crate::engine::{Device, EngineName, Engines, Request, Step};
use crate::evaluate::{Answer, answer, evaluate};
use crate::metric::Score;
use crate::model;
use crate::random::{Purpose, Stream};
use crate::tensor_file::check_writable;
use crate::training_state::{TrainingState, WeightSet};
use crate::watch::{BatchProgress, EpochRow, Flow, Watch};

/// Steps from which running statistics are used as they are. A norm starts from a mean of 0 and a variance of 1, of which
/// 0.9^steps is left, and follows the weights by about ten steps.
const STEPS_OF_RUNNING_STATISTICS: usize = 300;

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Every epoch, in order.
    pub epochs: Vec<EpochRow>,
    /// The training images in evaluation mode, unaugmented, by the weights of the last epoch.
    pub train_clean: Score,
    /// The prediction for each test image by the weights of the last epoch; empty if test images are not evaluated.
    pub test_answers: Vec<Answer>,
    /// The index of each of these images in its file, where some of them were drawn; `None` for those from the first.
    pub test_images: Option<Vec<u32>>,
    /// Number of parameters.
    pub parameters: usize,
    /// The engine that computed the gradients.
    pub engine: EngineName,
    /// The device that it computed on.
    pub device: Device,
    /// Threads that the engine used.
    pub threads: usize,
    /// Wall-clock time of the whole run, including epochs before a checkpoint as they were measured.
    pub seconds: f64,
}

/// Trains for all epochs on one of the engines, evaluates after each, and saves the model of the last one if `options`
/// has a path for it; resumes from the checkpoint of an interrupted run if there is one.
///
/// # Errors
///
/// See [`TrainError`]. Settings, data and the paths to write are checked before training begins.
pub fn train(
    experiment: &Experiment,
    options: &RunOptions,
    engines: &dyn Engines,
    watch: &mut dyn Watch,
) -> Result<Outcome, TrainError> {
    let begun = Instant::now();
    let plan = experiment.check()?;
    options.check()?;
    for path in options.model_path.iter().chain(&options.checkpoint_path) {
        check_writable(path)?;
    }
    let threads = options.threads.unwrap_or_else(default_threads);
    let teacher = experiment.teacher();
    let teacher_file =
        teacher.map(|teacher| teacher.open(experiment, options, &plan, threads)).transpose()?;
    let data = Dataset::open(&options.data, &experiment.net, &options.selection)?;

    let &RunOptions { engine, device, .. } = options;
    let class_weights =
        experiment.class_weights().map(|weights| weights.resolve(experiment.net.classes, &data.train.labels));
    let class_weights = class_weights.as_deref();
    let request = Request { experiment, plan: &plan, class_weights, engine, device, threads };
    let initial_state = || TrainingState::init(&plan, experiment, options.seed);
    let mut state = initial_state()?;
    let loaded = experiment
        .start
        .as_ref()
        .map(|start| {
            start.load(options.start_path.as_deref().unwrap_or(Path::new(&start.from)), &plan, &mut state)
        })
        .transpose()?;
    let mut engine = engines.start(&request, state)?;
    let mut teacher = teacher
        .zip(teacher_file)
        .map(|(teacher, file)| teacher.start(file, &request, engines))
        .transpose()?;
    let stream = |purpose| Stream::new(options.seed, purpose);
    let steps = experiment.steps(data.train.len());

    // Go on from where an interrupted run was.
    let files = WeightFiles {
        start: loaded.as_ref().map(|loaded| loaded.sha256.clone()),
        teacher: teacher.as_ref().map(|teacher| teacher.sha256.clone()),
    };
    let identity = Identity::new(experiment, options, &data, files, engine.as_ref());
    let checkpoint = options.checkpoint_path.as_deref();
    let mut epochs = vec![];
    if let Some(path) = checkpoint.filter(|path| path.exists()) {
        let mut earlier = initial_state()?;
        epochs = checkpoint::restore(path, &plan, &mut earlier, &identity, &data)?;
        engine.restore(earlier)?;
    }
    if let Some(loaded) = &loaded {
        watch.loaded(loaded);
    }
    watch.started(engine.name(), epochs.len());
    for row in &epochs {
        if watch.epoch(row) == Flow::Stop {
            return Err(TrainError::Cancelled);
        }
    }
    let earlier: f64 = epochs.iter().map(|row| row.seconds).sum();

    for epoch in epochs.len()..experiment.epochs {
        let epoch_begun = Instant::now();

        // Train.
        let mut train = Score::default();
        let mut learning_rate = 0.0;
        let dropout = stream(Purpose::Dropout).at(epoch as u64);
        let augmentation = stream(Purpose::Augmentation).at(epoch as u64);
        let augmentation = experiment.augmentation.as_ref().map(|ranges| (ranges, augmentation));
        let order = stream(Purpose::Order).at(epoch as u64);
        let shuffled =
            Batches::new(&data.train, data.normalisation, augmentation, experiment.batch_size, order);
        for (index, batch) in shuffled.enumerate() {
            let mut batch = batch?;
            if let Some(teacher) = &mut teacher {
                teacher.answer(&mut batch)?;
            }
            let update = experiment.schedule.update(epoch * steps.per_epoch + index, steps);
            learning_rate = update.learning_rate;
            let score = engine.step(&batch, &Step { update, dropout })?;
            if !score.loss_sum.is_finite() {
                let loss = score.loss();
                return Err(TrainError::Diverged { epoch: epoch + 1, batch: index, loss, learning_rate });
            }
            train.add(score);
            let progress = BatchProgress {
                epoch: epoch + 1,
                batch: index,
                batches: steps.per_epoch,
                learning_rate,
                loss: score.loss(),
                correct: train.correct,
                seen: train.total,
            };
            if watch.batch(&progress) == Flow::Stop {
                return Err(TrainError::Cancelled);
            }
        }

        // After few steps, running statistics still lie near their start: compute those of the training images.
        if (epoch + 1) * steps.per_epoch < STEPS_OF_RUNNING_STATISTICS && plan.statistics_count() > 0 {
            let mut seen = 0;
            for batch in Batches::new(&data.train, data.normalisation, None, experiment.batch_size, order) {
                let batch = batch?;
                seen += batch.len();
                engine.blend_statistics(&batch, batch.len() as f64 / seen as f64)?;
                if watch.flow() == Flow::Stop {
                    return Err(TrainError::Cancelled);
                }
            }
        }

        // Evaluate.
        let flow = || watch.flow();
        let mut evaluate_on = |images| {
            let evaluation = evaluate(engine.as_mut(), images, data.normalisation, &flow)?;
            let score = evaluation.score;
            if score.loss_sum.is_finite() {
                return Ok(evaluation);
            }
            // The last step may have been the one that diverged.
            let (epoch, batch, loss) = (epoch + 1, steps.per_epoch - 1, score.loss());
            Err(TrainError::Diverged { epoch, batch, loss, learning_rate })
        };
        let holdout = data.holdout.as_ref().map(&mut evaluate_on).transpose()?.map(|holdout| holdout.score);
        let test = data.test.as_ref().map(&mut evaluate_on).transpose()?;
        let (test, test_by_class) = test.map(|test| (test.score, test.by_class)).unzip();

        // Report.
        let seconds = epoch_begun.elapsed().as_secs_f64();
        let row = EpochRow { epoch: epoch + 1, learning_rate, train, holdout, test, test_by_class, seconds };
        epochs.push(row.clone());
        if let Some(path) = checkpoint {
            checkpoint::save(path, &plan, &*engine.state()?, &identity, &epochs)?;
        }
        if watch.epoch(&row) == Flow::Stop {
            return Err(TrainError::Cancelled);
        }
    }

    let flow = || watch.flow();
    let train_clean = evaluate(engine.as_mut(), &data.train, data.normalisation, &flow)?.score;
    let test_answers = match &data.test {
        Some(test) => answer(engine.as_mut(), test, data.normalisation, &flow)?,
        None => vec![],
    };
    let drawn = |images: &&[u32]| images.iter().zip(0..).any(|(&image, index)| image != index);
    let test_images = data.test.as_ref().map(Images::indices).filter(drawn).map(<[u32]>::to_vec);
    if let Some(path) = &options.model_path {
        let state = engine.state()?;
        let weights = state.of(WeightSet::Evaluation);
        model::save(path, &experiment.net, data.normalisation, options, &plan, weights)?;
    }
    Ok(Outcome {
        epochs,
        train_clean,
        test_answers,
        test_images,
        parameters: plan.parameter_count(),
        engine: engine.name(),
        device: engine.device(),
        threads: engine.threads(),
        seconds: earlier + begun.elapsed().as_secs_f64(),
    })
}

/// Returns the number of cores that this process may use.
fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
