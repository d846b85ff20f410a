//! safetensors files: named f32 tensors, and JSON that says what they are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use safetensors::{Dtype, SafeTensorError, SafeTensors, View};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::TrainError;
use crate::net::MOST_PARAMETERS;

/// A tensor's name, its shape, and where its numbers stand.
pub(crate) type Named<'a> = (String, Vec<usize>, &'a [f32]);

/// The same, to be filled.
pub(crate) type NamedMut<'a> = (String, Vec<usize>, &'a mut [f32]);

/// The one key of a file's metadata: a second would make the order of the two depend on a hash map.
const KEY: &str = "stepladder";

/// A checkpoint holds parameters, velocities and averages, and two sets of statistics, each with no more numbers than
/// there are parameters; the rest is for the header, of which safetensors allows 100 MB.
const MOST_BYTES: u64 = 5 * 4 * MOST_PARAMETERS as u64 + 100_000_000;

/// Numbers in memory as the file has them.
struct InMemory<'a> {
    shape: &'a [usize],
    values: &'a [f32],
}

impl View for InMemory<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        if cfg!(target_endian = "little") {
            Cow::Borrowed(bytemuck::cast_slice(self.values))
        } else {
            Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
}

/// Writes tensors beside their place, then renames the file there.
///
/// # Errors
///
/// [`TrainError::Write`].
pub(crate) fn write(path: &Path, tensors: Vec<Named>, about: &impl Serialize) -> Result<(), TrainError> {
    let about = serde_json::to_string(about).map_err(|error| TrainError::Internal(error.to_string()))?;
    let metadata = HashMap::from([(KEY.to_owned(), about)]);
    let views = tensors.iter().map(|(name, shape, values)| (name, InMemory { shape, values }));
    let failed = |source| TrainError::Write { path: path.to_owned(), source };
    let file = temporary_neighbour(path)?;
    let permissions = file.as_file().metadata().map_err(failed)?.permissions();
    // safetensors renames a file of its own over this one: Windows refuses that while it is open, and others leave it
    // readable by its owner alone.
    let file = file.into_temp_path();
    safetensors::serialize_to_file(views, Some(metadata), &file).map_err(|error| match error {
        SafeTensorError::IoError(source) => failed(source),
        error => TrainError::Internal(error.to_string()),
    })?;
    make_last(&file, permissions).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(path).map_err(failed)
}

/// Gives a file its permissions, and makes what is in it last through a power cut.
fn make_last(path: &Path, permissions: fs::Permissions) -> std::io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_permissions(permissions)?;
    file.sync_all()
}

/// Makes a rename last through a power cut, where a system lets folders be synced.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

/// The bytes of a file that may be one of ours.
///
/// # Errors
///
/// A phrase that says why not.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".into()); // a pipe would wait, and a device never end
    }
    let length = metadata.len();
    if length > MOST_BYTES {
        return Err(format!("it has {length} bytes, more than any file of this program"));
    }
    let mut bytes = vec![];
    let room = usize::try_from(length).map_err(|error| error.to_string())?;
    bytes.try_reserve_exact(room).map_err(|_| format!("there is no memory for its {length} bytes"))?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(length).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
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

/// Fills memory from a file that holds just these tensors, once all of them have been found to fit.
///
/// # Errors
///
/// A phrase that names the tensor that is missing or of another shape.
pub(crate) fn fill(file: &SafeTensors, tensors: Vec<NamedMut>) -> Result<(), String> {
    let mut found = Vec::with_capacity(tensors.len());
    for (name, shape, _) in &tensors {
        let view = file.tensor(name).map_err(|_| format!("it lacks the tensor `{name}`"))?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            let (kind, found) = (view.dtype(), view.shape());
            return Err(format!("the tensor `{name}` should be f32 {shape:?}, it is {kind:?} {found:?}"));
        }
        found.push(view);
    }
    if file.len() != tensors.len() {
        return Err(format!("its net has {} tensors, it holds {}", tensors.len(), file.len()));
    }
    for ((_, _, values), view) in tensors.into_iter().zip(found) {
        for (value, bytes) in values.iter_mut().zip(view.data().chunks_exact(4)) {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
    }
    Ok(())
}

/// Fails where a file could not be written later on, before a long run rather than after it.
pub(crate) fn check_writable(path: &Path) -> Result<(), TrainError> {
    temporary_neighbour(path).map(drop)
}

/// A file beside `path` that goes away unless it is renamed.
fn temporary_neighbour(path: &Path) -> Result<tempfile::NamedTempFile, TrainError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask, as usual
    let folder = folder_of(path);
    builder.tempfile_in(folder).map_err(|source| TrainError::Write { path: path.to_owned(), source })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        for numbers in [[1.0, 2.0], [3.0, 4.0]] {
            write(&path, vec![("weight".into(), vec![2], &numbers)], &"a net").unwrap();
            let bytes = read(&path).unwrap();
            let (about, tensors) = parse::<String>(&bytes).unwrap();
            let expected: Vec<u8> = numbers.iter().flat_map(|number: &f32| number.to_le_bytes()).collect();
            assert_eq!(about, "a net");
            assert_eq!(tensors.tensor("weight").unwrap().data(), expected);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_may_be_read_by_whoever_may_read_others_beside_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["model.safetensors", "other"].map(|name| folder.path().join(name));
        File::create(&other).unwrap();
        write(&path, vec![("weight".into(), vec![1], &[1.0])], &"a net").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&other));
    }
}
