//! What turns batches into steps.

mod fused;

pub use fused::Fused;
pub use stepladder_kernels::{Isa, multiply_add_limit};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{DeviceChoice, EngineChoice, Experiment};
use crate::data::Batch;
use crate::metric::Score;
use crate::net::Plan;
use crate::random::Stream;
use crate::training_state::{TrainingState, WeightSet};

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

/// Where an engine computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

impl Device {
    /// As typed after `--device`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// What a step needs to know beside its batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The learning rate.
    pub learning_rate: f64,
    /// The momentum, where the schedule moves it.
    pub momentum: Option<f64>,
    /// The dropout stream of the epoch: each sample and layer draw from a part of their own.
    pub dropout: Stream,
}

/// Learns from batches and answers images, following a [`Plan`]. It owns what is learned, on its device.
pub trait Engine: Send {
    /// WeightSet one it is.
    fn name(&self) -> EngineName;

    /// Where it computes.
    fn device(&self) -> Device;

    /// Threads that it computes on.
    fn threads(&self) -> usize;

    /// Runs a batch forward and backward as in training (dropout drops, norms use and update their statistics), takes
    /// the optimizer's step, and takes the weights into their average. The loss is the cross entropy of the batch
    /// before the step, smoothed as the experiment says; what is not finite is the caller's to notice.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`], and [`TrainError::Torch`] where libtorch fails.
    fn step(&mut self, batch: &Batch, at: &Step) -> Result<Score, TrainError>;

    /// Logits `[N, classes]` of a batch's images, as in evaluation.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`], and [`TrainError::Torch`] where libtorch fails.
    fn logits(&mut self, of: WeightSet, batch: &Batch) -> Result<Vec<f32>, TrainError>;

    /// What was learned so far, brought to the host's memory.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    fn state(&mut self) -> Result<Cow<'_, TrainingState>, TrainError>;

    /// Goes on from what was learned before.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    fn restore(&mut self, state: TrainingState) -> Result<(), TrainError>;
}

/// PyTorch's defaults for batch norm: the share that a batch has in the running statistics.
pub const NORM_MOMENTUM: f64 = 0.1;

/// What is added to a variance before its root is taken.
pub const NORM_EPSILON: f64 = 1e-5;

/// An engine that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What is learned and how; its settings have been judged.
    pub experiment: &'a Experiment,
    /// Its net, worked out.
    pub plan: &'a Plan,
    /// WeightSet engine.
    pub engine: EngineChoice,
    /// Where it is to compute.
    pub device: DeviceChoice,
    /// Threads to compute on.
    pub threads: usize,
}

/// The engines that a program has: `fused` is always one of them.
pub trait Engines: Sync {
    /// Starts an engine with what is learned so far.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] and [`TrainError::Device`] for an engine or a device that this program or machine
    /// lacks, [`TrainError::Memory`].
    fn start(&self, request: &Request, state: TrainingState) -> Result<Box<dyn Engine>, TrainError>;
}

/// The engine of a program without libtorch: `fused`, on the CPU.
#[derive(Debug, Clone, Copy)]
pub struct FusedAlone;

impl Engines for FusedAlone {
    fn start(&self, request: &Request, state: TrainingState) -> Result<Box<dyn Engine>, TrainError> {
        if request.device == DeviceChoice::Cuda {
            let reason = "this build has no libtorch, which CUDA needs".into();
            return Err(TrainError::Device { device: "cuda".into(), reason });
        }
        if request.engine == EngineChoice::Aten {
            return Err(TrainError::setting(
                "engine",
                "`auto` or `fused` in a build without libtorch",
                "`aten`",
            ));
        }
        Ok(Box::new(Fused::start(request, state, instruction_set()?)?))
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
