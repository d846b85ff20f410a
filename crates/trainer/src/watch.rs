use serde::{Deserialize, Serialize};

use crate::engine::EngineName;
use crate::metric::Score;

/// Whether a run should go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// End as soon as possible, with [`TrainError::Cancelled`](crate::TrainError::Cancelled).
    Stop,
}

/// Whoever watches a run is told how it goes, and can end it.
pub trait Watch {
    /// Before the first batch: which engine runs, and after how many epochs a checkpoint goes on.
    fn started(&mut self, _engine: EngineName, _epochs_done: usize) {}

    /// After each batch.
    fn batch(&mut self, progress: &BatchProgress) -> Flow;

    /// After each epoch and its evaluation; a run that goes on from a checkpoint tells of the epochs before it too.
    fn epoch(&mut self, row: &EpochRow) -> Flow;

    /// Asked between the parts of an evaluation.
    fn flow(&self) -> Flow {
        Flow::Continue
    }
}

/// How an epoch goes so far.
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
    /// Samples of the epoch that were answered correctly when their turn came.
    pub correct: usize,
    /// Samples of the epoch so far.
    pub seen: usize,
}

/// What an epoch came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// 1 for the first.
    pub epoch: usize,
    /// The learning rate of its last step.
    pub learning_rate: f64,
    /// While learning: augmented, with dropout, each batch by the weights of its turn.
    pub train: Score,
    /// On the training images that were kept aside, where there are any, by the weights that the epoch ended with.
    pub holdout: Option<Score>,
    /// On the test images, where they are judged, by the weights that the epoch ended with (or their average, where there
    /// is one).
    pub test: Option<Score>,
    /// Wall-clock time of the epoch, evaluation included.
    pub seconds: f64,
}

/// Watches nothing.
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
