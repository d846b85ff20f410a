use stepladder_trainer::engine::Engines;

/// The engines of this build.
#[cfg(feature = "torch")]
pub(crate) const ENGINES: &dyn Engines = &stepladder_torch::WithTorch;

/// The engines of this build.
#[cfg(not(feature = "torch"))]
pub(crate) const ENGINES: &dyn Engines = &stepladder_trainer::engine::FusedAlone;

/// Returns the version of libtorch that is built in, and whether it can use a CUDA device.
#[cfg(feature = "torch")]
pub(crate) fn torch() -> (Option<String>, bool) {
    (Some(stepladder_torch::LIBTORCH_VERSION.into()), stepladder_torch::cuda_is_available())
}

/// Returns the version of libtorch that is built in, and whether it can use a CUDA device.
#[cfg(not(feature = "torch"))]
pub(crate) fn torch() -> (Option<String>, bool) {
    (None, false)
}
