//! safetensors files: named f32 tensors, and JSON that says what they are.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tch::{Device, Tensor};

use crate::TrainError;
use crate::net::{slice, slice_mut};

/// The one key of a file's metadata: a second would make the order of the two depend on a hash map.
const KEY: &str = "stepladder";

/// A gigabyte of parameters, statistics and header, with room to spare.
const MOST_BYTES: u64 = 3 << 30;

/// Writes tensors of any device beside their place, then renames the file there.
///
/// # Errors
///
/// [`TrainError::Write`], and [`TrainError::Torch`] where a device fails.
pub(crate) fn write(
    path: &Path,
    tensors: &[(String, &Tensor)],
    about: &impl Serialize,
) -> Result<(), TrainError> {
    let internal = |error: &dyn std::error::Error| TrainError::Internal(error.to_string());
    let copies = tensors
        .iter()
        .map(|(name, tensor)| {
            let tensor = tensor.f_to_device(Device::Cpu)?.f_contiguous()?;
            let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
            let bytes: Vec<u8> = slice(&tensor).iter().flat_map(|value| value.to_le_bytes()).collect();
            Ok((name.as_str(), shape, bytes))
        })
        .collect::<Result<Vec<_>, TrainError>>()?;
    let views = copies
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(|error| internal(&error))?;
    let about = serde_json::to_string(about).map_err(|error| internal(&error))?;
    let bytes = safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), about)])))
        .map_err(|error| internal(&error))?;
    write_atomically(path, &bytes)
}

/// The bytes of a file that may be one of ours.
///
/// # Errors
///
/// A phrase that says why not.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MOST_BYTES {
        return Err(format!("it has {length} bytes, more than any file of this program"));
    }
    fs::read(path).map_err(|error| error.to_string())
}

/// What [`write`] was told, from the file's bytes.
///
/// # Errors
///
/// A phrase that says what is wrong with them.
pub(crate) fn parse<About: DeserializeOwned>(bytes: &[u8]) -> Result<(About, SafeTensors<'_>), String> {
    let unreadable = |error: SafeTensorError| format!("it is no whole safetensors file ({error})");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let about = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let about = about.ok_or("it does not describe a net")?;
    let about = serde_json::from_str(about)
        .map_err(|error| format!("what it says of its net can't be read ({error})"))?;
    Ok((about, tensors))
}

/// Fills tensors of any device from a file that holds just these.
///
/// # Errors
///
/// A phrase that names the tensor that is missing or of another shape.
pub(crate) fn fill<'a>(
    file: &SafeTensors,
    tensors: impl IntoIterator<Item = (String, &'a mut Tensor)>,
) -> Result<(), String> {
    let mut count = 0;
    for (name, tensor) in tensors {
        let view = file.tensor(&name).map_err(|_| format!("it lacks the tensor `{name}`"))?;
        let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            let (kind, found) = (view.dtype(), view.shape());
            return Err(format!("the tensor `{name}` should be f32 {shape:?}, it is {kind:?} {found:?}"));
        }
        let mut values = Tensor::zeros(tensor.size(), (tch::Kind::Float, Device::Cpu));
        for (value, bytes) in slice_mut(&mut values).iter_mut().zip(view.data().chunks_exact(4)) {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        tensor.f_copy_(&values).map_err(|error| error.to_string())?;
        count += 1;
    }
    if file.len() != count {
        return Err(format!("its net has {count} tensors, it holds {}", file.len()));
    }
    Ok(())
}

/// Fails where a file could not be written later on, before a long run rather than after it.
pub(crate) fn check_writable(path: &Path) -> Result<(), TrainError> {
    temporary_neighbour(path).map(drop)
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let failed = |source| TrainError::Write { path: path.to_owned(), source };
    let mut file = temporary_neighbour(path)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A file beside `path` that goes away unless it is renamed.
fn temporary_neighbour(path: &Path) -> Result<tempfile::NamedTempFile, TrainError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask, as usual
    builder.tempfile_in(folder).map_err(|source| TrainError::Write { path: path.to_owned(), source })
}
