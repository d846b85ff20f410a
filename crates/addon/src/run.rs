use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::Object;
use napi::{Env, JsDeferred};
use napi_derive::napi;
use stepladder_trainer::engine::EngineName;
use stepladder_trainer::metric::{ClassCounts, Score};
use stepladder_trainer::{BatchProgress, EpochRow, Flow, Outcome, TrainError, Watch, train};

use crate::engines::ENGINES;
use crate::experiment::Plain;
use crate::{Failure, RunOptions, guarded, threads};

/// An event of a run. `finished` and `failed` are the last.
#[napi(discriminant = "type", discriminant_case = "kebab-case")]
#[derive(Debug, Clone)]
pub enum RunEvent {
    /// Settings and data have been checked, and the first batch is being computed.
    Started {
        /// The engine: `fused` or `aten`.
        engine: String,
        /// Epochs that were done before a checkpoint; their events follow.
        epochs_done: f64,
        /// The weights that it started from; left out if all were drawn.
        loaded: Option<LoadedWeights>,
    },
    /// Progress within an epoch. Of several unread ones in a row, the last is kept.
    Batch {
        /// 1 for the first.
        epoch: f64,
        /// 0 for the first of its epoch.
        batch: f64,
        /// Batches in an epoch.
        batches: f64,
        /// The learning rate of the batch's step.
        learning_rate: f64,
        /// Mean loss of the batch.
        loss: f64,
        /// Samples of the epoch so far that were predicted correctly.
        correct: f64,
        /// Samples of the epoch so far.
        seen: f64,
    },
    /// The results of an epoch.
    Epoch {
        /// 1 for the first.
        epoch: f64,
        /// The learning rate of its last step.
        learning_rate: f64,
        /// In training mode: augmented, with dropout, each batch by the weights before its step.
        train: Scored,
        /// On the held-out training images, where there are any.
        holdout: Option<Scored>,
        /// On the test images, where those are evaluated.
        test: Option<Scored>,
        /// What is predicted for the test images, by class; where those are evaluated.
        test_by_class: Option<CountedByClass>,
        /// Wall-clock time of the epoch, evaluation included.
        seconds: f64,
    },
    /// All epochs are done, and the model is saved.
    Finished {
        /// The training images in evaluation mode, unaugmented.
        train_clean: Scored,
        /// The most probable class of each test image; empty where those are not evaluated.
        test_labels: Vec<f64>,
        /// The probability of each of these classes.
        test_probabilities: Vec<f64>,
        /// The class that each test image is of.
        test_expected: Vec<f64>,
        /// The rank of that class among all by their probability; 1 for the most probable.
        test_ranks: Vec<f64>,
        /// The index of each of these images in the test set, where some of them were drawn; left out for those from the first.
        test_images: Option<Vec<f64>>,
        /// Number of learned parameters.
        parameters: f64,
        /// The engine: `fused` or `aten`.
        engine: String,
        /// `cpu` or `cuda`.
        device: String,
        /// Threads that the engine used.
        threads: f64,
        /// Wall-clock time of the whole run.
        seconds: f64,
    },
    /// The run ended early.
    Failed { failure: Failure },
}

/// The tensors of a file that became weights of a net, and the others.
#[napi(object)]
#[derive(Debug, Clone)]
pub struct LoadedWeights {
    /// sha256 of the file, in hex.
    pub sha256: String,
    /// Number of tensors with the name and the shape of one of the net.
    pub loaded: f64,
    /// The net's other tensors, which were initialised as without a file.
    pub fresh: Vec<String>,
    /// The file's other tensors.
    pub unused: Vec<String>,
}

impl From<stepladder_trainer::LoadedWeights> for LoadedWeights {
    fn from(weights: stepladder_trainer::LoadedWeights) -> Self {
        let stepladder_trainer::LoadedWeights { sha256, loaded, fresh, unused } = weights;
        Self { sha256, loaded: loaded as f64, fresh, unused }
    }
}

/// Scores over samples.
#[napi(object)]
#[derive(Debug, Clone)]
pub struct Scored {
    /// Mean loss of a sample.
    pub loss: f64,
    /// Samples predicted correctly.
    pub correct: f64,
    /// Number of samples.
    pub total: f64,
}

impl From<Score> for Scored {
    fn from(score: Score) -> Self {
        Self { loss: score.loss(), correct: score.correct as f64, total: score.total as f64 }
    }
}

/// Counts of images by class. Each list has an entry a class.
#[napi(object)]
#[derive(Debug, Clone)]
pub struct CountedByClass {
    /// Images of the class.
    pub count: Vec<f64>,
    /// Images predicted as the class.
    pub predicted: Vec<f64>,
    /// Images of the class that are predicted as it.
    pub correct: Vec<f64>,
}

impl From<&ClassCounts> for CountedByClass {
    fn from(ClassCounts { count, predicted, correct }: &ClassCounts) -> Self {
        let [count, predicted, correct] =
            [count, predicted, correct].map(|list| list.iter().map(|&images| images as f64).collect());
        Self { count, predicted, correct }
    }
}

/// A run on a thread of its own, which never waits for a reader of its events. It is cancelled when JavaScript collects this
/// object.
#[napi]
pub struct Run {
    shared: Arc<Shared>,
}

/// A promise of [`Run::next`].
type Promise = JsDeferred<RunEvent, Box<dyn FnOnce(Env) -> napi::Result<RunEvent>>>;

/// State shared by the run's thread and JavaScript's.
#[derive(Default)]
struct Shared {
    events: Mutex<Events>,
    cancelled: Arc<AtomicBool>,
}

/// Events that have not been asked for yet, or promises of events that have not happened yet.
#[derive(Default)]
struct Events {
    unread: VecDeque<RunEvent>,
    waiting: VecDeque<Promise>,
    /// `finished` or `failed`: all further promises resolve to it.
    last: Option<RunEvent>,
}

impl Shared {
    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, event: RunEvent) -> Flow {
        let mut events = self.events();
        if let Some(promise) = events.waiting.pop_front() {
            resolve(promise, event);
        } else {
            if let (Some(RunEvent::Batch { .. }), RunEvent::Batch { .. }) = (events.unread.back(), &event) {
                events.unread.pop_back();
            }
            events.unread.push_back(event);
        }
        self.flow()
    }

    /// Emits the last event of the run.
    fn end(&self, event: RunEvent) {
        let mut events = self.events();
        for promise in events.waiting.drain(..) {
            resolve(promise, event.clone());
        }
        events.last = Some(event);
    }

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn flow(&self) -> Flow {
        if self.cancelled.load(Ordering::Relaxed) { Flow::Stop } else { Flow::Continue }
    }
}

fn resolve(promise: Promise, event: RunEvent) {
    promise.resolve(Box::new(|_| Ok(event)));
}

#[napi]
impl Run {
    /// Starts a run on its own thread, and returns at once. A wrong setting, or a thread that the system has not got, arrives
    /// as the `failed` event.
    #[napi(factory)]
    pub fn start(
        env: &Env,
        #[napi(ts_arg_type = "object")] experiment: Plain,
        options: RunOptions,
    ) -> napi::Result<Self> {
        let shared = Arc::new(Shared::default());
        let emitting = Arc::clone(&shared);
        let work = move || {
            let outcome = guarded(|| {
                let (experiment, options) = (experiment.parse("")?, options.try_into()?);
                let mut reporter = EventReporter { shared: &emitting, loaded: None };
                train(&experiment, &options, ENGINES, &mut reporter)
            });
            emitting.end(match outcome {
                Ok(outcome) => outcome.into(),
                Err(failure) => RunEvent::Failed { failure },
            });
        };
        if let Err(error) = threads::spawn(env, "stepladder-run", &shared.cancelled, work)? {
            let expected = format!("fewer: the system could not start a thread for another run ({error})");
            let failure = TrainError::setting("jobs", expected, "one more than that").into();
            shared.end(RunEvent::Failed { failure });
        }
        Ok(Self { shared })
    }

    /// Resolves to the next event, as soon as there is one. Once the run has ended, every call resolves to its last event,
    /// `finished` or `failed`, as an iterator that is done stays done.
    #[napi(ts_return_type = "Promise<RunEvent>")]
    pub fn next<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        // Not an `async fn`: its future would read this object from another thread, after it may have been freed.
        let (promise, object): (Promise, _) = env.create_deferred()?;
        let mut events = self.shared.events();
        match events.unread.pop_front().or_else(|| events.last.clone()) {
            Some(event) => resolve(promise, event),
            None => events.waiting.push_back(promise),
        }
        Ok(object)
    }

    /// Cancels the run: it ends after the current batch, with a failure of code `cancelled`.
    #[napi]
    pub fn cancel(&self) {
        self.shared.cancel();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.shared.cancel();
    }
}

/// Emits an event for each thing that the trainer reports.
struct EventReporter<'a> {
    shared: &'a Shared,
    /// For the first event.
    loaded: Option<LoadedWeights>,
}

impl Watch for EventReporter<'_> {
    fn loaded(&mut self, weights: &stepladder_trainer::LoadedWeights) {
        self.loaded = Some(weights.clone().into());
    }

    fn started(&mut self, engine: EngineName, epochs_done: usize) {
        let (engine, epochs_done) = (engine.as_str().into(), epochs_done as f64);
        self.shared.emit(RunEvent::Started { engine, epochs_done, loaded: self.loaded.take() });
    }

    fn batch(&mut self, progress: &BatchProgress) -> Flow {
        self.shared.emit(RunEvent::Batch {
            epoch: progress.epoch as f64,
            batch: progress.batch as f64,
            batches: progress.batches as f64,
            learning_rate: progress.learning_rate,
            loss: progress.loss,
            correct: progress.correct as f64,
            seen: progress.seen as f64,
        })
    }

    fn epoch(&mut self, row: &EpochRow) -> Flow {
        self.shared.emit(RunEvent::Epoch {
            epoch: row.epoch as f64,
            learning_rate: row.learning_rate,
            train: row.train.into(),
            holdout: row.holdout.map(Into::into),
            test: row.test.map(Into::into),
            test_by_class: row.test_by_class.as_ref().map(Into::into),
            seconds: row.seconds,
        })
    }

    fn flow(&self) -> Flow {
        self.shared.flow()
    }
}

impl From<Outcome> for RunEvent {
    fn from(outcome: Outcome) -> Self {
        let answers = &outcome.test_answers;
        Self::Finished {
            train_clean: outcome.train_clean.into(),
            test_labels: answers.iter().map(|answer| f64::from(answer.label)).collect(),
            test_probabilities: answers.iter().map(|answer| f64::from(answer.probability)).collect(),
            test_expected: answers.iter().map(|answer| f64::from(answer.expected)).collect(),
            test_ranks: answers.iter().map(|answer| answer.rank as f64).collect(),
            test_images: outcome.test_images.map(|images| images.into_iter().map(f64::from).collect()),
            parameters: outcome.parameters as f64,
            engine: outcome.engine.as_str().into(),
            device: outcome.device.as_str().into(),
            threads: outcome.threads as f64,
            seconds: outcome.seconds,
        }
    }
}
