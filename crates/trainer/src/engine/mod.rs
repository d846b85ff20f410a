//! Engines: forward, backward and optimizer step of a batch.

mod fused;

pub use fused::{Fused, check_evaluation};
pub(crate) use fused::{check_teacher, check_training};
pub use stepladder_kernels::{Isa, multiply_add_limit};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{DeviceChoice, EngineChoice, Experiment};
use crate::data::Batch;
use crate::metric::Score;
use crate::net::Plan;
use crate::optim::Update;
use crate::random::Stream;
use crate::training_state::{TrainingState, WeightSet};

/// The name of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    /// libtorch's autograd.
    Aten,
    /// This project's own kernels for the CPU.
    Fused,
}

impl EngineName {
    /// Returns the value of `--engine`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aten => "aten",
            Self::Fused => "fused",
        }
    }
}

/// The device that an engine computes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

impl Device {
    /// Returns the value of `--device`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// Settings of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The rate and momentum of the optimizer.
    pub update: Update,
    /// The dropout stream of the epoch, which is split by sample and layer.
    pub dropout: Stream,
}

/// Trains on batches and evaluates images, following a [`Plan`]. Owns the training state, on its device.
pub trait Engine: Send {
    /// Returns its name.
    fn name(&self) -> EngineName;

    /// Returns the device that it computes on.
    fn device(&self) -> Device;

    /// Returns the number of threads that it computes on.
    fn threads(&self) -> usize;

    /// Runs a batch forward and backward as in training (dropout drops, norms use and update their statistics), takes
    /// the optimizer's step, and updates the average of the weights. The loss is that of the batch before the step: the cross
    /// entropy, smoothed and weighted as the experiment says, and the divergence from the batch's soft targets if it has some;
    /// the caller checks that it is finite.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`], which leaves the training state unchanged, and [`TrainError::Torch`] if libtorch fails,
    /// which may leave it updated in part.
    fn step(&mut self, batch: &Batch, at: &Step) -> Result<Score, TrainError>;

    /// Blends a share of a batch's statistics into the running statistics of the evaluated weights: a forward pass in which
    /// norms use the batch's statistics and nothing is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::step`].
    fn blend_statistics(&mut self, batch: &Batch, share: f64) -> Result<(), TrainError>;

    /// Returns logits `[N, classes]` of a batch's images, in evaluation mode.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`], and [`TrainError::Torch`] if libtorch fails.
    fn logits(&mut self, of: WeightSet, batch: &Batch) -> Result<Vec<f32>, TrainError>;

    /// Returns the training state so far, in the host's memory.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] if libtorch fails.
    fn state(&mut self) -> Result<Cow<'_, TrainingState>, TrainError>;

    /// Replaces the training state, to resume from an earlier one.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] if libtorch fails.
    fn restore(&mut self, state: TrainingState) -> Result<(), TrainError>;
}

/// PyTorch's momentum of batch norm: the share of a batch in the running statistics.
pub const NORM_MOMENTUM: f64 = 0.1;

/// The share of a batch in the running range of a value: that of PyTorch's `MovingAverageMinMaxObserver`.
pub const RANGE_MOMENTUM: f64 = 0.01;

/// PyTorch's epsilon of batch norm, added to a variance before its root is taken.
pub const NORM_EPSILON: f64 = 1e-5;

/// The settings by which an engine is started.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The experiment; its settings have been checked.
    pub experiment: &'a Experiment,
    /// The plan of its net.
    pub plan: &'a Plan,
    /// The weight of each class in the training loss: those of the experiment, resolved; 1 each if `None`.
    pub class_weights: Option<&'a [f64]>,
    /// The choice of an engine.
    pub engine: EngineChoice,
    /// The choice of a device.
    pub device: DeviceChoice,
    /// Number of threads.
    pub threads: usize,
}

/// The engines of a program; `fused` is always one of them.
pub trait Engines: Sync {
    /// Starts an engine from a training state.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] and [`TrainError::Device`] for an engine or a device that this program or machine
    /// lacks, [`TrainError::Memory`].
    fn start(&self, request: &Request, state: TrainingState) -> Result<Box<dyn Engine>, TrainError>;

    /// Starts an engine that evaluates a teacher, with a net and weights of its own, on the batches of a run: where and by what
    /// the run's own engine computes.
    ///
    /// # Errors
    ///
    /// Those of [`Engines::start`].
    fn start_teacher(
        &self,
        request: &Request,
        plan: &Plan,
        state: TrainingState,
    ) -> Result<Box<dyn Engine>, TrainError>;
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

    fn start_teacher(
        &self,
        request: &Request,
        plan: &Plan,
        state: TrainingState,
    ) -> Result<Box<dyn Engine>, TrainError> {
        Ok(Box::new(Fused::for_teacher(request, plan, state, instruction_set()?)?))
    }
}

/// Returns the fastest instruction set of this CPU, or the one that `STEPLADDER_ISA` names.
///
/// # Errors
///
/// [`TrainError::Setting`] if this CPU lacks it.
pub fn instruction_set() -> Result<Isa, TrainError> {
    let Ok(name) = std::env::var("STEPLADDER_ISA") else { return Ok(Isa::best()) };
    Isa::named(&name).ok_or_else(|| {
        let names: Vec<_> = Isa::available().into_iter().map(Isa::name).collect();
        TrainError::setting("STEPLADDER_ISA", format!("one of {}", names.join(", ")), name)
    })
}
