//! What turns a batch into a loss and gradients.

mod aten;
mod device;

pub use aten::Aten;
pub use device::{cuda_is_available, resolve_device};

use serde::Serialize;
use tch::{Device, Tensor};

use crate::TrainError;
use crate::config::EngineChoice;
use crate::data::Batch;
use crate::metric::Score;
use crate::net::{Plan, Shape, Weights};
use crate::random::Stream;

/// The engines there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    /// libtorch's autograd.
    Aten,
}

impl EngineName {
    /// As typed after `--engine`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aten => "aten",
        }
    }
}

/// Turns batches into losses and gradients, and images into logits, following a [`Plan`].
pub trait Engine: Send {
    /// Which one it is.
    fn name(&self) -> EngineName;

    /// Runs a batch forward and backward as in training: dropout drops, norms use and update their statistics.
    /// The loss is the mean cross entropy of the batch, smoothed as set up; [`gradients`](Self::gradients) are its
    /// derivatives afterwards.
    ///
    /// `dropout` is the stream of this epoch: each sample and layer draw from a part of their own.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    fn learn(&mut self, weights: &mut Weights, batch: &Batch, dropout: Stream) -> Result<Score, TrainError>;

    /// Gradients of the last [`learn`](Self::learn), one a parameter, in the order of the plan.
    fn gradients(&self) -> &[Tensor];

    /// Logits `[N, classes]` of normalised images `[N, C, H, W]`, as in evaluation.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    fn logits(&mut self, weights: &Weights, images: &[f32]) -> Result<Vec<f32>, TrainError>;

    /// The shape that each operation really made of one blank image.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    fn trace(&mut self, weights: &Weights) -> Result<Vec<Shape>, TrainError>;
}

/// Starts the engine that was asked for.
///
/// # Errors
///
/// Whatever keeps it from starting.
pub fn start(
    choice: EngineChoice,
    plan: &Plan,
    label_smoothing: f64,
    device: Device,
) -> Result<Box<dyn Engine>, TrainError> {
    match choice {
        EngineChoice::Auto | EngineChoice::Aten => Ok(Box::new(Aten::new(plan, label_smoothing, device))),
    }
}
