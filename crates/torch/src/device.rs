use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::Library;
use stepladder_trainer::{DeviceChoice, TrainError};
use tch::{Cuda, Device};

/// Whether libtorch can use a CUDA device here.
///
/// This is linked without CUDA; where `LIBTORCH` names a libtorch that has it, that part is opened first.
#[must_use]
pub fn cuda_is_available() -> bool {
    open_cuda();
    Cuda::is_available()
}

/// Returns why the CUDA part of the libtorch that `LIBTORCH` names could not be opened; `None` if it was or was not tried.
#[must_use]
pub fn cuda_problem() -> Option<String> {
    open_cuda().as_ref().err().cloned()
}

/// Returns the device to run on.
///
/// # Errors
///
/// [`TrainError::Device`] if CUDA was chosen and is not available.
pub(crate) fn resolve(choice: DeviceChoice) -> Result<Device, TrainError> {
    match choice {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Auto | DeviceChoice::Cuda if cuda_is_available() => Ok(Device::Cuda(0)),
        DeviceChoice::Auto => Ok(Device::Cpu),
        DeviceChoice::Cuda => {
            let found = cuda_problem().map_or(String::new(), |problem| format!(" ({problem})"));
            let reason = format!(
                "libtorch finds no CUDA device{found}; it needs an NVIDIA driver and a libtorch with CUDA named in \
                 LIBTORCH, else use the device `cpu`"
            );
            Err(TrainError::Device { device: "cuda".into(), reason })
        }
    }
}

/// Opens the CUDA part of libtorch once, and never closes it.
fn open_cuda() -> &'static Result<Option<Library>, String> {
    static OPENED: OnceLock<Result<Option<Library>, String>> = OnceLock::new();
    OPENED.get_or_init(|| {
        std::env::var_os("LIBTORCH").map(|libtorch| open(&PathBuf::from(libtorch))).transpose()
    })
}

fn open(libtorch: &Path) -> Result<Library, String> {
    let name = libloading::library_filename("torch_cuda");
    let path = libtorch.join("lib").join(name);
    // By absolute path: the loader would look for a relative one elsewhere.
    let path = std::path::absolute(&path).map_err(|error| error.to_string())?;
    // SAFETY: the library registers its kernels with the libtorch already loaded; the person who set LIBTORCH names
    // the libtorch that they trust. It is kept open for as long as the process lives.
    unsafe { Library::new(path) }.map_err(|error| error.to_string())
}
