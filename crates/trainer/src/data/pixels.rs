use std::borrow::Cow;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::TrainError;
use crate::alloc::filled;

/// Square images and their labels: a view of the pixels of a set, which other views share.
#[derive(Debug, Clone)]
pub struct Images {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Height and width.
    pub size: usize,
    /// `[N]`.
    pub labels: Vec<u8>,
    pixels: Arc<Pixels>,
    /// The index of each image in the file, ascending, `[N]`.
    indices: Vec<u32>,
}

/// The pixels of a set: `[count, channels, size, size]`, 0 for black.
#[derive(Debug)]
pub(super) enum Pixels {
    Memory(Vec<u8>),
    /// Too many for memory.
    File(PixelFile),
}

/// The pixels of a file, read where they are. Not mapped: reading a mapped file that another program truncates would end
/// the process.
#[derive(Debug)]
pub(super) struct PixelFile {
    path: PathBuf,
    file: File,
    /// Bytes before the first pixel.
    start: u64,
    /// When it was opened.
    version: Version,
}

/// A change to a file changes these.
type Version = (u64, Option<SystemTime>);

/// Some images of a view, in memory.
pub(super) struct Gathered<'a> {
    /// Whole images.
    pub(super) pixels: Cow<'a, [u8]>,
    /// The index of each image among them.
    pub(super) places: Vec<u32>,
}

impl Images {
    /// Makes images of pixels in memory, `[N, channels, size, size]`, and their labels, `[N]`.
    #[must_use]
    pub fn new(channels: usize, size: usize, pixels: Vec<u8>, labels: Vec<u8>) -> Self {
        Self::of(channels, size, Pixels::Memory(pixels), labels)
    }

    pub(super) fn of(channels: usize, size: usize, pixels: Pixels, labels: Vec<u8>) -> Self {
        let indices = (0..labels.len() as u32).collect();
        Self { channels, size, labels, pixels: Arc::new(pixels), indices }
    }

    /// Returns the number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns the index of each image in its file.
    #[must_use]
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Returns a view of some images, by their indices in this one.
    pub(super) fn view(&self, indices: &[u32]) -> Self {
        let at = |index: &u32| *index as usize;
        Self {
            channels: self.channels,
            size: self.size,
            labels: indices.iter().map(|index| self.labels[at(index)]).collect(),
            pixels: Arc::clone(&self.pixels),
            indices: indices.iter().map(|index| self.indices[at(index)]).collect(),
        }
    }

    /// Returns the pixels of one image. `buffer` is used where they are not in memory.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] if the file can't be read any more.
    pub fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], TrainError> {
        let (length, place) = (self.length(), self.indices[index] as usize);
        match &*self.pixels {
            Pixels::Memory(pixels) => Ok(&pixels[place * length..][..length]),
            Pixels::File(file) => {
                buffer.resize(length, 0);
                file.read(place as u64 * length as u64, buffer)?;
                Ok(buffer)
            }
        }
    }

    /// Brings some images into memory, where they are not: `samples` are their indices.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] if the file can't be read any more, or has changed; [`TrainError::Memory`].
    pub(super) fn gather(&self, samples: &[u32]) -> Result<Gathered<'_>, TrainError> {
        match &*self.pixels {
            Pixels::Memory(pixels) => {
                let places = samples.iter().map(|&sample| self.indices[sample as usize]).collect();
                Ok(Gathered { pixels: Cow::Borrowed(pixels), places })
            }
            Pixels::File(file) => {
                let length = self.length();
                let mut pixels = filled(samples.len() * length, 0)?;
                for (&sample, image) in samples.iter().zip(pixels.chunks_exact_mut(length)) {
                    file.read(u64::from(self.indices[sample as usize]) * length as u64, image)?;
                }
                file.check_unchanged()?;
                Ok(Gathered { pixels: Cow::Owned(pixels), places: (0..samples.len() as u32).collect() })
            }
        }
    }

    /// Returns the most images to be gathered at a time: at most `wanted`, and few enough that those of a file take at
    /// most 64 MiB, or are 16.
    pub(crate) fn at_once(&self, wanted: usize) -> usize {
        match &*self.pixels {
            Pixels::Memory(_) => wanted,
            Pixels::File(_) => wanted.min(((64 << 20) / self.length()).max(16)),
        }
    }

    /// Returns the number of values of an image.
    fn length(&self) -> usize {
        self.channels * self.size * self.size
    }
}

impl PixelFile {
    /// `start`: bytes before the first pixel.
    pub(super) fn new(path: PathBuf, file: File, start: u64) -> Result<Self, TrainError> {
        let version = version_of(&file).map_err(|error| unreadable(&path, &error))?;
        Ok(Self { path, file, start, version })
    }

    /// Fills `bytes` from a place in the pixels.
    pub(super) fn read(&self, place: u64, bytes: &mut [u8]) -> Result<(), TrainError> {
        read_at(&self.file, bytes, self.start + place).map_err(|error| unreadable(&self.path, &error))
    }

    /// Checks that the file is still the one whose hash was verified.
    pub(super) fn check_unchanged(&self) -> Result<(), TrainError> {
        match version_of(&self.file) {
            Ok(version) if version == self.version => Ok(()),
            Ok(_) => Err(TrainError::Data {
                path: self.path.clone(),
                expected: "a file that stays as it was when it was opened".into(),
                found: "changes since then: start again".into(),
            }),
            Err(error) => Err(unreadable(&self.path, &error)),
        }
    }
}

fn version_of(file: &File) -> std::io::Result<Version> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified().ok()))
}

fn unreadable(path: &std::path::Path, error: &std::io::Error) -> TrainError {
    TrainError::Data {
        path: path.to_owned(),
        expected: "pixels that can be read".into(),
        found: match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "a file that was cut off since it was opened".into(),
            _ => error.to_string(),
        },
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], place: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, place)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut place: u64) -> std::io::Result<()> {
    use std::io::ErrorKind::{Interrupted, UnexpectedEof};
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, place) {
            Ok(0) => return Err(UnexpectedEof.into()),
            Ok(count) => {
                bytes = &mut bytes[count..];
                place += count as u64;
            }
            Err(error) if error.kind() == Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
