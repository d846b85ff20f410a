//! One run, from a seed to a model.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::TrainError;
use crate::checkpoint::{Identity, Learned};
use crate::config::{Experiment, RunOptions};
use crate::data::{Batch, Batches, Dataset};
use crate::engine::{self, EngineName, resolve_device};
use crate::evaluate::{Answer, answer, evaluate};
use crate::metric::Score;
use crate::model::Model;
use crate::net::Weights;
use crate::optim::{Averages, Sgd};
use crate::random::{Purpose, Stream};
use crate::tensor_file::check_writable;
use crate::watch::{BatchProgress, EpochRow, Flow, Watch};

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Every epoch, in order.
    pub epochs: Vec<EpochRow>,
    /// The training images in evaluation mode, unaugmented, by the weights of the last epoch.
    pub train_clean: Score,
    /// What the weights of the last epoch make of each test image.
    pub test_answers: Vec<Answer>,
    /// How many numbers were learned.
    pub parameters: usize,
    /// What computed the gradients.
    pub engine: EngineName,
    /// Whether it ran on CUDA.
    pub on_cuda: bool,
    /// Threads that the engine used.
    pub threads: usize,
    /// Wall-clock time of the whole run, of epochs before a checkpoint as they were measured.
    pub seconds: f64,
}

/// Trains for all epochs, judging after each, and keeps the model of the last one where `options` say so; goes on from
/// the checkpoint of an interrupted run where one is there.
///
/// # Errors
///
/// See [`TrainError`]. Settings, data and the place for the model are judged before anything is learned.
pub fn train(
    experiment: &Experiment,
    options: &RunOptions,
    watch: &mut dyn Watch,
) -> Result<Outcome, TrainError> {
    let begun = Instant::now();
    let plan = experiment.check()?;
    options.check()?;
    let device = resolve_device(options.device)?;
    for path in options.model_path.iter().chain(&options.checkpoint_path) {
        check_writable(path)?;
    }
    let &RunOptions { limit_train, limit_test, holdout, .. } = options;
    let data = Dataset::open(&options.data, &experiment.net, limit_train, limit_test, holdout)?;
    let threads = options.threads.unwrap_or_else(default_threads);
    tch::set_num_threads(threads as i32); // of libtorch's work on this thread

    let stream = |purpose| Stream::new(options.seed, purpose);
    let weights = Weights::init(&plan, options.seed, device)?;
    let sgd = Sgd::new(experiment.optimizer, &weights.parameters)?;
    let averages = experiment.averaging.map(|averaging| Averages::new(averaging, &weights)).transpose()?;
    let mut learned = Learned { weights, sgd, averages };
    let (mut engine, note) =
        engine::start(options.engine, &plan, experiment.label_smoothing, device, threads)?;
    let batches = data.train.len().div_ceil(experiment.batch_size);
    let steps = batches * experiment.epochs;

    // Go on from where an interrupted run was.
    let identity = Identity::new(experiment, options, data.normalisation, engine.name());
    let checkpoint = options.checkpoint_path.as_deref();
    let mut epochs = match checkpoint.filter(|path| path.exists()) {
        Some(path) => learned.restore(path, &plan, &identity)?,
        None => vec![],
    };
    watch.started(engine.name(), note.as_deref(), epochs.len());
    for row in &epochs {
        if watch.epoch(row) == Flow::Stop {
            return Err(TrainError::Cancelled);
        }
    }
    let earlier: f64 = epochs.iter().map(|row| row.seconds).sum();

    for epoch in epochs.len()..experiment.epochs {
        let epoch_begun = Instant::now();

        // Learn.
        let mut train = Score::default();
        let mut learning_rate = 0.0;
        let dropout = stream(Purpose::Dropout).at(epoch as u64);
        let augmentation = stream(Purpose::Augmentation).at(epoch as u64);
        let augmentation = experiment.augmentation.as_ref().map(|ranges| (ranges, augmentation));
        let order = stream(Purpose::Order).at(epoch as u64);
        let shuffled =
            Batches::new(&data.train, data.normalisation, augmentation, experiment.batch_size, order);
        prepared_ahead(shuffled, |index, batch| {
            let Learned { weights, sgd, averages } = &mut learned;
            let step = epoch * batches + index;
            learning_rate = experiment.schedule.learning_rate(step, steps);
            let momentum = experiment.schedule.momentum(step, steps);
            let score = engine.learn(weights, &batch, dropout)?; // images [N, 1, size, size], labels [N]
            if !score.loss_sum.is_finite() {
                let loss = score.loss();
                return Err(TrainError::Diverged { epoch: epoch + 1, batch: index, loss, learning_rate });
            }
            sgd.step(&mut weights.parameters, engine.gradients(), learning_rate, momentum)?;
            if let Some(averages) = averages {
                averages.update(weights)?;
            }
            train.add(score);
            let progress = BatchProgress {
                epoch: epoch + 1,
                batch: index,
                batches,
                learning_rate,
                loss: score.loss(),
                correct: train.correct,
                seen: train.total,
            };
            match watch.batch(&progress) {
                Flow::Continue => Ok(()),
                Flow::Stop => Err(TrainError::Cancelled),
            }
        })?;

        // Judge.
        let flow = || watch.flow();
        let mut judge =
            |images| evaluate(engine.as_mut(), learned.judged(), images, data.normalisation, &flow);
        let holdout = data.holdout.as_ref().map(&mut judge).transpose()?;
        let test = judge(&data.test)?;
        if !test.loss_sum.is_finite() {
            // The last step may have been the one that went too far.
            return Err(TrainError::Diverged {
                epoch: epoch + 1,
                batch: batches - 1,
                loss: test.loss(),
                learning_rate,
            });
        }

        // Tell.
        let seconds = epoch_begun.elapsed().as_secs_f64();
        let row = EpochRow { epoch: epoch + 1, learning_rate, train, holdout, test, seconds };
        epochs.push(row);
        if let Some(path) = checkpoint {
            learned.save(path, &plan, &identity, &epochs)?;
        }
        if watch.epoch(&row) == Flow::Stop {
            return Err(TrainError::Cancelled);
        }
    }

    let flow = || watch.flow();
    let train_clean = evaluate(engine.as_mut(), learned.judged(), &data.train, data.normalisation, &flow)?;
    let test_answers = answer(engine.as_mut(), learned.judged(), &data.test, data.normalisation, &flow)?;
    let (parameters, engine) = (plan.parameter_count(), engine.name());
    if let Some(path) = &options.model_path {
        let judged = learned.judged().copy()?;
        Model::new(experiment.net.clone(), data.normalisation, judged)?.save(path)?;
    }
    let on_cuda = device.is_cuda();
    let seconds = earlier + begun.elapsed().as_secs_f64();
    Ok(Outcome { epochs, train_clean, test_answers, parameters, engine, on_cuda, threads, seconds })
}

/// Hands batches on in their order while a thread of its own prepares the next.
fn prepared_ahead(
    batches: Batches,
    mut learn: impl FnMut(usize, Batch) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(2); // a batch in hand and one to come
        scope.spawn(move || {
            for batch in batches {
                if sender.send(batch).is_err() {
                    return; // the run has ended
                }
            }
        });
        receiver.into_iter().enumerate().try_for_each(|(index, batch)| learn(index, batch))
    })
}

/// As many threads as there are cores for this process.
fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
