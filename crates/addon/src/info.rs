use napi_derive::napi;
use stepladder_trainer::engine::cuda_is_available;

/// What the addon finds at run time.
#[napi(object)]
pub struct RuntimeInfo {
    /// Version of the addon.
    pub version: String,
    /// Whether a CUDA device can be used.
    pub cuda: bool,
    /// Cores for this process.
    pub cores: f64,
}

/// What the addon finds at run time. The first call may load CUDA.
#[napi]
pub fn runtime_info() -> RuntimeInfo {
    RuntimeInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        cuda: cuda_is_available(),
        cores: std::thread::available_parallelism().map_or(1, usize::from) as f64,
    }
}
