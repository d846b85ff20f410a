use napi_derive::napi;

/// Opens a shared library by its absolute path, and never closes it: an addon that is loaded afterwards and links to a
/// library of that name gets this one, wherever it is.
///
/// Returns the reason why it could not be opened, or `null` where it was.
#[napi]
pub fn open_library(path: String) -> Option<String> {
    match open(&path) {
        Ok(library) => {
            std::mem::forget(library); // closing it would unmap code that is in use
            None
        }
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(not(windows))]
fn open(path: &str) -> Result<libloading::os::unix::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: opening runs the library's own initialisers; the caller names a file that belongs to libtorch. It is opened
    // locally, so that other addons in the process, with libraries of their own, see nothing of it.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
}

#[cfg(windows)]
fn open(path: &str) -> Result<libloading::os::windows::Library, libloading::Error> {
    use libloading::os::windows::{LOAD_WITH_ALTERED_SEARCH_PATH, Library};
    // SAFETY: as above. By that flag, what the library itself asks for is looked for beside it.
    unsafe { Library::load_with_flags(path, LOAD_WITH_ALTERED_SEARCH_PATH) }
}
