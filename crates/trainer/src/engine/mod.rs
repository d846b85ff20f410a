//! What turns a batch into a loss and gradients.

mod aten;
mod device;
mod fused;

pub use aten::Aten;
pub use device::{cuda_is_available, resolve_device};
pub use fused::Fused;
pub use stepladder_kernels::{Isa, multiply_add_limit};

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use crate::TrainError;
use crate::config::EngineChoice;
use crate::data::Batch;
use crate::metric::Score;
use crate::net::{Plan, Weights};
use crate::random::Stream;

/// The engines there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    /// libtorch's autograd.
    Aten,
    /// This project's own kernels for the CPU.
    Fused,
}

impl EngineName {
    /// As typed after `--engine`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aten => "aten",
            Self::Fused => "fused",
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
}

/// PyTorch's defaults for batch norm.
const NORM_MOMENTUM: f64 = 0.1;
const NORM_EPSILON: f64 = 1e-5;

/// `auto` keeps `fused` to nets of up to so many parameters: with 13,000 it takes a quarter of the time of `aten`, with
/// 6 million a tenth more (records/bench). Where between they meet was not timed.
const LARGEST_FOR_FUSED: usize = 200_000;

/// Starts the engine that was asked for; with `auto`, `fused` on the CPU wherever it supports the net and the net is
/// not large, else `aten`, with a phrase that says why.
///
/// # Errors
///
/// [`TrainError::Setting`] where `fused` was asked for and can't run the net, or `STEPLADDER_ISA` names an instruction
/// set that this CPU lacks.
pub fn start(
    choice: EngineChoice,
    plan: &Plan,
    label_smoothing: f64,
    device: Device,
    threads: usize,
) -> Result<(Box<dyn Engine>, Option<String>), TrainError> {
    let aten = || Box::new(Aten::new(plan, label_smoothing, device)) as Box<dyn Engine>;
    let fused = || -> Result<Result<Fused, String>, TrainError> {
        if device != Device::Cpu {
            return Ok(Err("a device other than the CPU".into()));
        }
        Ok(Fused::new(plan, label_smoothing, threads, instruction_set()?))
    };
    match choice {
        EngineChoice::Aten => Ok((aten(), None)),
        EngineChoice::Auto if device != Device::Cpu => Ok((aten(), None)),
        EngineChoice::Auto if plan.parameter_count() > LARGEST_FOR_FUSED => Ok((
            aten(),
            Some(format!("`auto` keeps `fused` to nets of up to {LARGEST_FOR_FUSED} parameters")),
        )),
        EngineChoice::Auto => match fused()? {
            Ok(engine) => Ok((Box::new(engine), None)),
            Err(lacks) => Ok((aten(), Some(format!("`fused` lacks {lacks}")))),
        },
        EngineChoice::Fused => match fused()? {
            Ok(engine) => Ok((Box::new(engine), None)),
            Err(lacks) => Err(TrainError::setting(
                "engine",
                "`auto` or `aten` for this run",
                format!("`fused`, which lacks {lacks}"),
            )),
        },
    }
}

/// The best that this CPU has, or the one that `STEPLADDER_ISA` names.
///
/// # Errors
///
/// [`TrainError::Setting`] where this CPU lacks it.
pub fn instruction_set() -> Result<Isa, TrainError> {
    let Ok(name) = std::env::var("STEPLADDER_ISA") else { return Ok(Isa::best()) };
    Isa::named(&name).ok_or_else(|| {
        let names: Vec<_> = Isa::available().into_iter().map(Isa::name).collect();
        TrainError::setting("STEPLADDER_ISA", format!("one of {}", names.join(", ")), name)
    })
}
