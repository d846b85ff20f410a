use std::path::PathBuf;
use std::sync::OnceLock;

use tch::{Cuda, Device};

use crate::TrainError;
use crate::config::DeviceChoice;

/// Whether libtorch can use a CUDA device here.
///
/// The addon is linked without CUDA; where `LIBTORCH` names a libtorch that has it, that part is opened first.
#[must_use]
pub fn cuda_is_available() -> bool {
    static LOADED: OnceLock<()> = OnceLock::new();
    LOADED.get_or_init(|| {
        if let Some(libtorch) = std::env::var_os("LIBTORCH") {
            open_cuda(&PathBuf::from(libtorch));
        }
    });
    Cuda::is_available()
}

/// The device to run on.
///
/// # Errors
///
/// [`TrainError::Device`] where CUDA was asked for and is not there.
pub fn resolve_device(choice: DeviceChoice) -> Result<Device, TrainError> {
    match choice {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Auto if cuda_is_available() => Ok(Device::Cuda(0)),
        DeviceChoice::Auto => Ok(Device::Cpu),
        DeviceChoice::Cuda if cuda_is_available() => Ok(Device::Cuda(0)),
        DeviceChoice::Cuda => Err(TrainError::Device {
            device: "cuda".into(),
            reason:
                "libtorch finds no CUDA device; it needs an NVIDIA driver and a libtorch with CUDA named in \
                     LIBTORCH, else use the device `cpu`"
                    .into(),
        }),
    }
}

#[cfg(unix)]
fn open_cuda(libtorch: &std::path::Path) {
    use std::ffi::{CString, c_char, c_int, c_void};
    use std::os::unix::ffi::OsStrExt;

    unsafe extern "C" {
        fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    }
    const NOW: c_int = 2; // RTLD_NOW on Linux and macOS alike
    let library = libtorch.join("lib").join("libtorch_cuda.so");
    if let Ok(path) = CString::new(library.as_os_str().as_bytes()) {
        // SAFETY: `path` is a valid C string for the whole call. What is opened registers its kernels with the
        // libtorch already loaded, and is never closed. A failure leaves everything as it was.
        unsafe { dlopen(path.as_ptr(), NOW) };
    }
}

#[cfg(not(unix))]
fn open_cuda(_libtorch: &std::path::Path) {}
