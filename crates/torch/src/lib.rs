//! The `aten` engine: libtorch's operations and autograd, on the CPU or on CUDA, behind the trainer's [`Engine`].
//!
//! [`WithTorch`] starts it if it is chosen or the device is CUDA, and `fused` otherwise.

mod aten;
mod device;
mod failed;
mod threads;

pub use aten::{Aten, Precision};
pub use device::{cuda_is_available, cuda_problem};

use stepladder_trainer::engine::{Engine, Engines, FusedAlone, Request};
use stepladder_trainer::net::Plan;
use stepladder_trainer::{EngineChoice, TrainError, TrainingState};

/// The engines of a program with libtorch. `auto` is `fused` on the CPU and `aten` on CUDA.
#[derive(Debug, Clone, Copy)]
pub struct WithTorch;

impl WithTorch {
    /// Returns the device of libtorch that a run computes on; `None` if it is a run of `fused`.
    fn device(request: &Request) -> Result<Option<tch::Device>, TrainError> {
        let device = device::resolve(request.device)?;
        match (request.engine, device) {
            (EngineChoice::Fused, tch::Device::Cuda(_)) => {
                Err(TrainError::setting("engine", "`aten` on the device `cuda`", "`fused`"))
            }
            (EngineChoice::Fused | EngineChoice::Auto, tch::Device::Cpu) => Ok(None),
            _ => Ok(Some(device)),
        }
    }
}

impl Engines for WithTorch {
    fn start(&self, request: &Request, state: TrainingState) -> Result<Box<dyn Engine>, TrainError> {
        match Self::device(request)? {
            None => FusedAlone.start(&Request { engine: EngineChoice::Fused, ..*request }, state),
            Some(device) => Ok(Box::new(Aten::start(request, &state, device, Precision::Single)?)),
        }
    }

    fn start_teacher(
        &self,
        request: &Request,
        plan: &Plan,
        state: TrainingState,
    ) -> Result<Box<dyn Engine>, TrainError> {
        match Self::device(request)? {
            None => FusedAlone.start_teacher(request, plan, state),
            Some(device) => {
                let request = Request { plan, ..*request };
                Ok(Box::new(Aten::start(&request, &state, device, Precision::Single)?))
            }
        }
    }
}

/// The version of libtorch that this was built for.
pub const LIBTORCH_VERSION: &str = "2.13.0";
