use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use napi::bindgen_prelude::Object;
use napi::{Env, JsDeferred};
use napi_derive::napi;
use stepladder_trainer::engine::EngineName;
use stepladder_trainer::metric::Score;
use stepladder_trainer::{BatchProgress, EpochRow, Flow, Outcome, TrainError, Watch, train};

use crate::engines::ENGINES;
use crate::{Experiment, Failure, RunOptions, guarded, runs};

/// What a run tells. `finished` and `failed` are the last.
#[napi(discriminant = "type", discriminant_case = "kebab-case")]
#[derive(Debug, Clone)]
pub enum RunEvent {
    /// Settings and data have been judged, and the first batch is under way.
    Started {
        /// What computes the gradients: `fused` or `aten`.
        engine: String,
        /// Epochs that a checkpoint brought along; their events follow.
        epochs_done: f64,
    },
    /// How an epoch goes so far. Of several that nobody has read, the last is kept.
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
        /// Samples of the epoch that were answered correctly when their turn came.
        correct: f64,
        /// Samples of the epoch so far.
        seen: f64,
    },
    /// What an epoch came to.
    Epoch {
        /// 1 for the first.
        epoch: f64,
        /// The learning rate of its last step.
        learning_rate: f64,
        /// While learning: augmented, with dropout, each batch by the weights of its turn.
        train: Scored,
        /// On the training images that were kept aside, where there are any.
        holdout: Option<Scored>,
        /// On the test images, where those are judged.
        test: Option<Scored>,
        /// Wall-clock time of the epoch, evaluation included.
        seconds: f64,
    },
    /// All epochs are done, and the model is kept.
    Finished {
        /// The training images in evaluation mode, unaugmented.
        train_clean: Scored,
        /// The likeliest class of each test image; none where those are not judged.
        test_labels: Vec<f64>,
        /// The probability of each.
        test_probabilities: Vec<f64>,
        /// How many numbers were learned.
        parameters: f64,
        /// What computed the gradients.
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

/// Sums over samples.
#[napi(object)]
#[derive(Debug, Clone)]
pub struct Scored {
    /// Mean loss of a sample.
    pub loss: f64,
    /// Samples answered correctly.
    pub correct: f64,
    /// Samples.
    pub total: f64,
}

impl From<Score> for Scored {
    fn from(score: Score) -> Self {
        Self { loss: score.loss(), correct: score.correct as f64, total: score.total as f64 }
    }
}

/// A run on a thread of its own, which never waits for whoever reads its events. One that JavaScript has let go of is
/// cancelled.
#[napi]
pub struct Run {
    shared: Arc<Shared>,
}

/// A promise of [`Run::next`].
type Waiting = JsDeferred<RunEvent, Box<dyn FnOnce(Env) -> napi::Result<RunEvent>>>;

/// What a run's thread and JavaScript's share.
#[derive(Default)]
pub(crate) struct Shared {
    told: Mutex<Told>,
    cancelled: AtomicBool,
}

/// Events that nobody has asked for yet, or promises of events that have not come yet.
#[derive(Default)]
struct Told {
    events: VecDeque<RunEvent>,
    waiting: VecDeque<Waiting>,
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: RunEvent) -> Flow {
        let mut told = self.told();
        if let Some(waiting) = told.waiting.pop_front() {
            drop(told);
            waiting.resolve(Box::new(|_| Ok(event)));
            return self.flow();
        }
        let events = &mut told.events;
        if matches!((events.back(), &event), (Some(RunEvent::Batch { .. }), RunEvent::Batch { .. })) {
            events.pop_back();
        }
        events.push_back(event);
        drop(told);
        self.flow()
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn flow(&self) -> Flow {
        if self.cancelled.load(Ordering::Relaxed) { Flow::Stop } else { Flow::Continue }
    }
}

#[napi]
impl Run {
    /// Starts at once. Whatever is wrong with the settings, and a thread that the system refuses, arrives as the `failed`
    /// event.
    #[napi(factory)]
    pub fn start(env: &Env, experiment: Experiment, options: RunOptions) -> napi::Result<Self> {
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let thread = thread::Builder::new().name("stepladder-run".into()).spawn(move || {
            let outcome = guarded(|| {
                let (experiment, options) = (experiment.try_into()?, options.try_into()?);
                train(&experiment, &options, ENGINES, &mut Telling(&told))
            });
            told.tell(match outcome {
                Ok(outcome) => outcome.into(),
                Err(failure) => RunEvent::Failed { failure },
            });
        });
        match thread {
            Ok(thread) => runs::join_before_teardown(env, Arc::clone(&shared), thread)?,
            Err(error) => {
                let expected =
                    format!("fewer: the system could not start a thread for another run ({error})");
                let failure = TrainError::setting("jobs", expected, "one more than that").into();
                shared.tell(RunEvent::Failed { failure });
            }
        }
        Ok(Self { shared })
    }

    /// The next event, as soon as there is one. To be called again once it has resolved, until `finished` or
    /// `failed` has come.
    #[napi(ts_return_type = "Promise<RunEvent>")]
    pub fn next<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        // Not an `async fn`: its future would read this object from another thread, after it may have been freed.
        let (deferred, promise): (Waiting, _) = env.create_deferred()?;
        let mut told = self.shared.told();
        match told.events.pop_front() {
            Some(event) => {
                drop(told);
                deferred.resolve(Box::new(|_| Ok(event)));
            }
            None => told.waiting.push_back(deferred),
        }
        Ok(promise)
    }

    /// Asks the run to end; it does so after the batch at hand, with a failure of code `cancelled`.
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

struct Telling<'a>(&'a Shared);

impl Watch for Telling<'_> {
    fn started(&mut self, engine: EngineName, epochs_done: usize) {
        self.0.tell(RunEvent::Started { engine: engine.as_str().into(), epochs_done: epochs_done as f64 });
    }

    fn batch(&mut self, progress: &BatchProgress) -> Flow {
        self.0.tell(RunEvent::Batch {
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
        self.0.tell(RunEvent::Epoch {
            epoch: row.epoch as f64,
            learning_rate: row.learning_rate,
            train: row.train.into(),
            holdout: row.holdout.map(Into::into),
            test: row.test.map(Into::into),
            seconds: row.seconds,
        })
    }

    fn flow(&self) -> Flow {
        self.0.flow()
    }
}

impl From<Outcome> for RunEvent {
    fn from(outcome: Outcome) -> Self {
        Self::Finished {
            train_clean: outcome.train_clean.into(),
            test_labels: outcome.test_answers.iter().map(|answer| f64::from(answer.label)).collect(),
            test_probabilities: outcome.test_answers.iter().map(|it| f64::from(it.probability)).collect(),
            parameters: outcome.parameters as f64,
            engine: outcome.engine.as_str().into(),
            device: outcome.device.as_str().into(),
            threads: outcome.threads as f64,
            seconds: outcome.seconds,
        }
    }
}
