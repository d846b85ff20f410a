//! safetensors files: named f32 tensors with JSON metadata.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensorError, SafeTensors, View};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::TrainError;

/// A tensor's name, its shape and its numbers.
pub(crate) type Named<'a> = (String, Vec<usize>, &'a [f32]);

/// The same, to be filled.
pub(crate) type NamedMut<'a> = (String, Vec<usize>, &'a mut [f32]);

/// The one key of a file's metadata: a second would make the order of the two depend on a hash map.
const KEY: &str = "stepladder";

/// The format that is written. 1 had no number and no checksum, and is read all the same.
const FORMAT: u64 = 2;

/// The longest header that is read, in bytes: layers, tensors and epochs are bounded, and need less.
const MOST_HEADER: u64 = 16 << 20;

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

/// Writes tensors and metadata to a file atomically.
///
/// # Errors
///
/// [`TrainError::Write`].
pub(crate) fn write(path: &Path, tensors: Vec<Named>, about: &impl Serialize) -> Result<(), TrainError> {
    let Ok(Value::Object(mut about)) = serde_json::to_value(about) else {
        return Err(TrainError::Internal("a file's metadata is no JSON object".into()));
    };
    let views = || tensors.iter().map(|(name, shape, values)| (name.as_str(), InMemory { shape, values }));
    about.insert("format".into(), FORMAT.into());
    about.insert("checksum".into(), checksum(&about, views()).into());
    let metadata = HashMap::from([(KEY.to_owned(), Value::Object(about).to_string())]);
    let failed = |source| TrainError::Write { path: path.to_owned(), source };
    let file = temporary_neighbour(path)?;
    let permissions = file.as_file().metadata().map_err(failed)?.permissions();
    // safetensors renames a file of its own over this one: Windows refuses that while it is open, and others leave it
    // readable by its owner alone.
    let file = file.into_temp_path();
    safetensors::serialize_to_file(views(), Some(metadata), &file).map_err(|error| match error {
        SafeTensorError::IoError(source) => failed(source),
        error => TrainError::Internal(error.to_string()),
    })?;
    make_last(&file, permissions).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(path).map_err(failed)
}

/// Sets a file's permissions, and syncs it to disk.
fn make_last(path: &Path, permissions: fs::Permissions) -> std::io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_permissions(permissions)?;
    file.sync_all()
}

/// Syncs a rename to disk, on systems that can sync folders.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

/// A file of which only the header has been read and checked.
pub(crate) struct TensorFile {
    file: File,
    length: u64,
    /// The bytes read so far.
    bytes: Vec<u8>,
    about: Map<String, Value>,
    /// The expected checksum; `None` in format 1.
    checksum: Option<Value>,
}

impl TensorFile {
    /// Opens a file, and reads and checks its header.
    ///
    /// # Errors
    ///
    /// Says why the file is refused.
    pub fn open(path: &Path) -> Result<Self, String> {
        let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err("it is not a file".into()); // a pipe would wait, and a device never end
        }
        let length = metadata.len();
        let mut file = File::open(path).map_err(|error| error.to_string())?;
        let mut bytes = vec![];
        read_up_to(&mut file, 8, &mut bytes)?;
        let header = bytes.first_chunk().map(|&bytes| u64::from_le_bytes(bytes));
        let header = header.filter(|header| (2..=length.saturating_sub(8)).contains(header));
        let header = header.ok_or("it is not a whole safetensors file")?;
        if header > MOST_HEADER {
            return Err(format!(
                "its header has {header} bytes, those of this program at most {MOST_HEADER}"
            ));
        }
        read_up_to(&mut file, header, &mut bytes)?;
        let header: Metadata = serde_json::from_slice(bytes.get(8..).unwrap_or_default())
            .map_err(|error| format!("it is not a whole safetensors file ({error})"))?;
        let about = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let mut about: Map<String, Value> = serde_json::from_str(about.ok_or("it does not describe a net")?)
            .map_err(|error| format!("its metadata can't be read ({error})"))?;
        let checksum = about.remove("checksum");
        let format = about.get("format").map_or(Some(1), Value::as_u64).ok_or("its format is no number")?;
        if format > FORMAT {
            let version = env!("CARGO_PKG_VERSION");
            return Err(format!(
                "it has format {format}, of a later version of this program; version {version} reads formats up to {FORMAT}"
            ));
        }
        if format > 1 && checksum.is_none() {
            return Err(format!("it has format {format} and no checksum"));
        }
        Ok(Self { file, length, bytes, about, checksum })
    }

    /// Parses the metadata that [`write`] got.
    ///
    /// # Errors
    ///
    /// Says why it is refused.
    pub fn about<About: DeserializeOwned>(&self) -> Result<About, String> {
        let mut about = self.about.clone();
        about.remove("format");
        serde_json::from_value(Value::Object(about))
            .map_err(|error| format!("its metadata can't be read ({error})"))
    }

    /// Reads `numbers` numbers, which must be all that the file holds, and verifies their checksum.
    ///
    /// # Errors
    ///
    /// Says why they are refused.
    pub fn read(&mut self, numbers: usize) -> Result<SafeTensors<'_>, String> {
        let (needed, found) = (4 * numbers as u64, self.length - self.bytes.len() as u64);
        if needed != found {
            return Err(format!("its net has {needed} bytes of numbers, the file {found}"));
        }
        read_up_to(&mut self.file, needed, &mut self.bytes)?;
        let tensors = SafeTensors::deserialize(&self.bytes)
            .map_err(|error| format!("it is not a whole safetensors file ({error})"))?;
        if let Some(expected) = &self.checksum
            && *expected != checksum(&self.about, tensors.iter())
        {
            return Err(DAMAGED.into());
        }
        Ok(tensors)
    }

    /// Returns the sha256 of the whole file, in hex, once [`read`](Self::read) has read it.
    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }
}

/// Returns the sha256 of bytes, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks that a file is the one that a setting expects, if any.
///
/// # Errors
///
/// [`TrainError::Data`] with both hashes.
pub(crate) fn check_sha256(path: &Path, expected: Option<&str>, found: &str) -> Result<(), TrainError> {
    let Some(expected) = expected.filter(|&expected| expected != found) else { return Ok(()) };
    let (expected, found) = (format!("the file of sha256 {expected}"), format!("one of {found}"));
    Err(TrainError::Data { path: path.to_owned(), expected, found })
}

/// The largest file of another program that is read, in bytes: far more than any net here has.
const MOST_BYTES: u64 = 4 << 30;

/// Reads a whole safetensors file, of this program or another. The checksum of one that [`write`] wrote is verified.
///
/// # Errors
///
/// Says why it is refused.
pub(crate) fn read_any(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".into());
    }
    let length = metadata.len();
    if length > MOST_BYTES {
        return Err(format!("it has {length} bytes, more than any net of this program"));
    }
    let mut bytes = vec![];
    read_up_to(&mut File::open(path).map_err(|error| error.to_string())?, length, &mut bytes)?;
    let whole = |error: SafeTensorError| format!("it is not a whole safetensors file ({error})");
    let tensors = SafeTensors::deserialize(&bytes).map_err(whole)?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(whole)?;
    let about = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    if let Some(about) = about {
        let mut about: Map<String, Value> =
            serde_json::from_str(about).map_err(|error| format!("its metadata can't be read ({error})"))?;
        let expected = about.remove("checksum");
        if expected.is_some_and(|expected| expected != checksum(&about, tensors.iter())) {
            return Err(DAMAGED.into());
        }
    }
    Ok(bytes)
}

const DAMAGED: &str = "it was damaged after it was written: its checksum does not match";

/// Appends up to `count` bytes of the file.
fn read_up_to(file: &mut File, count: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
    let length = usize::try_from(count).map_err(|error| error.to_string())?;
    bytes.try_reserve_exact(length).map_err(|_| format!("there is no memory for its {count} bytes"))?;
    file.take(count).read_to_end(bytes).map_err(|error| error.to_string())?;
    Ok(())
}

/// Returns the sha256 over a file's metadata, and over its tensors in the order of their names.
fn checksum<'a>(about: &Map<String, Value>, tensors: impl Iterator<Item = (&'a str, impl View)>) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(serde_json::to_string(about).unwrap_or_default().as_bytes());
    let mut tensors: Vec<_> = tensors.collect();
    tensors.sort_by_key(|(name, _)| *name);
    for (name, tensor) in tensors {
        add(name.as_bytes());
        add(format!("{:?} {:?}", tensor.dtype(), tensor.shape()).as_bytes());
        add(&tensor.data());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Copies tensors from a file that holds exactly these; nothing is written unless all of them match.
///
/// # Errors
///
/// Names the tensor that is missing or of another shape.
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

/// Checks that a file can be written, before a long run rather than after it.
pub(crate) fn check_writable(path: &Path) -> Result<(), TrainError> {
    temporary_neighbour(path).map(drop)
}

/// Creates a temporary file beside `path`, which is deleted unless it is renamed.
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
    fn a_file_replaces_an_older_one_and_leaves_no_other_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let about = HashMap::from([("net".to_owned(), "a net".to_owned())]);
        for numbers in [[1.0, 2.0], [3.0, 4.0]] {
            write(&path, vec![("weight".into(), vec![2], &numbers)], &about).unwrap();
            let mut file = TensorFile::open(&path).unwrap();
            assert_eq!(file.about::<HashMap<String, String>>().unwrap(), about);
            let expected: Vec<u8> = numbers.iter().flat_map(|number: &f32| number.to_le_bytes()).collect();
            assert_eq!(file.read(2).unwrap().tensor("weight").unwrap().data(), expected);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let about = HashMap::from([("net", "a net")]);
        write(&path, vec![("weight".into(), vec![3], &[1.0, 2.0, 3.0])], &about).unwrap();
        let whole = fs::read(&path).unwrap();
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, damaged).unwrap();
            let read = TensorFile::open(&path).and_then(|mut file| file.read(3).map(drop));
            assert!(read.is_err(), "bit {} of byte {}", bit % 8, bit / 8);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_permissions_of_others_beside_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["model.safetensors", "other"].map(|name| folder.path().join(name));
        File::create(&other).unwrap();
        write(&path, vec![("weight".into(), vec![1], &[1.0])], &HashMap::from([("net", "a net")])).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&other));
    }
}
