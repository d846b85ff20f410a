use napi_derive::napi;
use stepladder_trainer::engine::{Isa, cuda_is_available, instruction_set};

/// What the addon finds at run time.
#[napi(object)]
pub struct RuntimeInfo {
    /// Version of the addon.
    pub version: String,
    /// Whether a CUDA device can be used.
    pub cuda: bool,
    /// Cores for this process.
    pub cores: f64,
    /// The instruction set that `fused` runs on.
    pub isa: String,
}

/// What the addon finds at run time. The first call may load CUDA.
#[napi]
pub fn runtime_info() -> RuntimeInfo {
    RuntimeInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        cuda: cuda_is_available(),
        cores: std::thread::available_parallelism().map_or(1, usize::from) as f64,
        isa: instruction_set().unwrap_or_else(|_| Isa::best()).name().into(),
    }
}

/// Multiply-adds in a second, in units of 10^9, of so many threads that do nothing else. Takes a fraction of a second,
/// on the calling thread.
#[napi]
pub fn multiply_add_limit(threads: f64) -> f64 {
    stepladder_trainer::engine::multiply_add_limit(Isa::best(), threads as usize)
}
