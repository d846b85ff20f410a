use napi::Either;
use napi_derive::napi;
use stepladder_trainer::config::{THREADS, as_whole_within};
use stepladder_trainer::engine::{self, instruction_set};

use crate::engines::torch;
use crate::{Failure, guarded};

/// sha256 over the sources that the addon was built from.
pub(crate) const SOURCES: &str = env!("STEPLADDER_SOURCES");

/// The addon's build, and the machine that it runs on.
#[napi(object)]
pub struct RuntimeInfo {
    /// Version of the addon.
    pub version: String,
    /// sha256 over the sources that the addon was built from.
    pub sources: String,
    /// Version of libtorch; absent in the addon without it.
    pub libtorch: Option<String>,
    /// Whether a CUDA device can be used.
    pub cuda: bool,
    /// Cores that this process may use.
    pub cores: f64,
    /// The instruction set that `fused` runs on.
    pub isa: String,
}

/// Describes the addon and the machine. The first call may load CUDA.
#[napi]
pub fn runtime_info() -> Either<RuntimeInfo, Failure> {
    let info = guarded(|| {
        let (libtorch, cuda) = torch();
        Ok(RuntimeInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            sources: SOURCES.into(),
            libtorch,
            cuda,
            cores: std::thread::available_parallelism().map_or(1, usize::from) as f64,
            isa: instruction_set()?.name().into(),
        })
    });
    match info {
        Ok(info) => Either::A(info),
        Err(failure) => Either::B(failure),
    }
}

/// Peak arithmetic throughput.
#[napi(object)]
pub struct Limit {
    /// Multiply-adds a second, in units of 10^9.
    pub multiply_adds: f64,
}

/// Measures how many multiply-adds a second `threads` threads reach that do nothing else, on the instruction set of `fused`.
/// Blocks the calling thread: for 0.1 to 0.5 s with AVX2 or AVX-512 and 2.5 s or more on the portable path, and as many times
/// longer as there are threads for a core.
#[napi]
pub fn multiply_add_limit(threads: f64) -> Either<Limit, Failure> {
    let limit = guarded(|| {
        let whole = as_whole_within("threads", threads, THREADS)?;
        Ok(Limit { multiply_adds: engine::multiply_add_limit(instruction_set()?, whole) })
    });
    match limit {
        Ok(limit) => Either::A(limit),
        Err(failure) => Either::B(failure),
    }
}
