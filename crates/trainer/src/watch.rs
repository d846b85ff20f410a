use serde::{Deserialize, Serialize};

use crate::engine::EngineName;
use crate::metric::{ClassCounts, Score};
use crate::start::LoadedWeights;

/// Whether a run continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Continue.
    Continue,
    /// End as soon as possible, with [`TrainError::Cancelled`](crate::TrainError::Cancelled).
    Stop,
}

/// Receives the events of a run, and can end it.
pub trait Watch {
    /// Called before [`started`](Self::started), if weights of a file were loaded.
    fn loaded(&mut self, _weights: &LoadedWeights) {}

    /// Called before the first batch, with the engine and the number of epochs that a checkpoint brought.
    fn started(&mut self, _engine: EngineName, _epochs_done: usize) {}

    /// Called after each batch.
    fn batch(&mut self, progress: &BatchProgress) -> Flow;

    /// Called after each epoch and its evaluation; a resumed run reports the epochs before its checkpoint too.
    fn epoch(&mut self, row: &EpochRow) -> Flow;

    /// Called between the parts of an evaluation.
    fn flow(&self) -> Flow {
        Flow::Continue
    }
}

/// The progress of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BatchProgress {
    /// 1 for the first.
    pub epoch: usize,
    /// 0 for the first of its epoch.
    pub batch: usize,
    /// Batches in an epoch.
    pub batches: usize,
    /// The learning rate of the batch's step.
    pub learning_rate: f64,
    /// Mean loss of the batch.
    pub loss: f64,
    /// Samples of the epoch so far that were predicted correctly in their batch.
    pub correct: usize,
    /// Samples of the epoch so far.
    pub seen: usize,
}

/// The outcome of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// 1 for the first.
    pub epoch: usize,
    /// The learning rate of its last step.
    pub learning_rate: f64,
    /// In training: augmented, with dropout, each batch by the weights before its step.
    pub train: Score,
    /// On the held-out images, if there are any, by the weights that the epoch ended with (or their average).
    pub holdout: Option<Score>,
    /// On the test images, if they are evaluated, by the same weights.
    pub test: Option<Score>,
    /// What is predicted for the test images, by class; `None` if they are not evaluated.
    pub test_by_class: Option<ClassCounts>,
    /// Wall-clock time of the epoch, evaluation included.
    pub seconds: f64,
}

/// Ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn batch(&mut self, _progress: &BatchProgress) -> Flow {
        Flow::Continue
    }

    fn epoch(&mut self, _row: &EpochRow) -> Flow {
        Flow::Continue
    }
}
