//! The IDX format of MNIST: a magic number, dimensions as big-endian u32, then bytes. Nothing in a file is trusted.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::pixels::{PixelFile, Pixels};
use crate::TrainError;
use crate::alloc::filled;

const IMAGES: u32 = 0x0803; // unsigned bytes, three dimensions
const COLOUR_IMAGES: u32 = 0x0804; // unsigned bytes, four dimensions
const LABELS: u32 = 0x0801; // unsigned bytes, one dimension

/// The most that a packed file may unpack to: so many bytes, or so many per packed byte if that is more. Real images
/// stay far below; a few megabytes of zeros that unpack to gigabytes don't.
const MOST_UNPACKED: (u64, u64) = (64 << 20, 100);

/// The images of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// Number of images.
    pub count: usize,
    /// 1 where the file has three dimensions.
    pub channels: usize,
    /// Height of each.
    pub rows: usize,
    /// Width of each.
    pub columns: usize,
    /// `[count, channels, rows, columns]`.
    pub pixels: Vec<u8>,
    /// Of the whole file, unpacked.
    pub sha256: String,
}

/// The labels of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxLabels {
    /// `[count]`.
    pub labels: Vec<u8>,
    /// Of the whole file, unpacked.
    pub sha256: String,
}

/// Reads a file of images into memory.
///
/// # Errors
///
/// [`TrainError::Data`] with the file, the expected and the found content; [`TrainError::Memory`].
pub fn read_images(path: &Path, sha256: Option<&str>) -> Result<IdxImages, TrainError> {
    let opened = Opened::open(path, &[IMAGES, COLOUR_IMAGES], "images")?;
    let [count, channels, rows, columns] = opened.shape()?;
    let (pixels, sha256) = opened.read(sha256)?;
    Ok(IdxImages { count, channels, rows, columns, pixels, sha256 })
}

/// Number, channels, height and width of the images of a file, their pixels, and the sha256 of the file, unpacked.
pub(super) type OpenedImages = ([usize; 4], Pixels, String);

/// Reads a file of images to its end. The pixels stay in the file if they are more than `in_memory` bytes, and it is not
/// compressed.
///
/// # Errors
///
/// Those of [`read_images`].
pub(super) fn open_images(
    path: &Path,
    sha256: Option<&str>,
    in_memory: u64,
) -> Result<OpenedImages, TrainError> {
    let opened = Opened::open(path, &[IMAGES, COLOUR_IMAGES], "images")?;
    let shape = opened.shape()?;
    if opened.bytes as u64 > in_memory && matches!(opened.reader, Reader::Plain(_)) {
        let (file, sha256) = opened.verify_in_place(sha256)?;
        return Ok((shape, Pixels::File(file), sha256));
    }
    let (pixels, sha256) = opened.read(sha256)?;
    Ok((shape, Pixels::Memory(pixels), sha256))
}

/// Reads one image of a file: `channels * height * width` bytes. Of a `.gz`, what is before it is unpacked.
///
/// # Errors
///
/// [`TrainError::Setting`] for an index beyond the images, and those of [`read_images`].
pub fn read_image(path: &Path, index: usize) -> Result<Vec<u8>, TrainError> {
    let opened = Opened::open(path, &[IMAGES, COLOUR_IMAGES], "images")?;
    let [count, ..] = opened.shape()?;
    if index >= count {
        return Err(TrainError::setting("index", format!("below {count}, the images of the file"), index));
    }
    let length = opened.bytes / count;
    let mut image = filled(length, 0)?;
    let Opened { path, header, reader, .. } = opened;
    let place = index as u64 * length as u64;
    match reader {
        Reader::Plain(file) => PixelFile::new(path, file, header.len() as u64)?.read(place, &mut image)?,
        Reader::Zipped(mut unpacked) => {
            std::io::copy(&mut unpacked.by_ref().take(place), &mut std::io::sink())
                .and_then(|_| unpacked.read_exact(&mut image))
                .map_err(|error| wrong(&path, format!("{count} images"), cause(&error)))?
        }
    }
    Ok(image)
}

/// Reads a file of labels, each below `classes`.
///
/// # Errors
///
/// [`TrainError::Data`] with the file, the expected and the found content.
pub fn read_labels(path: &Path, classes: usize, sha256: Option<&str>) -> Result<IdxLabels, TrainError> {
    let (labels, sha256) = Opened::open(path, &[LABELS], "labels")?.read(sha256)?;
    if let Some(i) = labels.iter().position(|&label| usize::from(label) >= classes) {
        let expected = format!("labels below {classes}");
        return Err(wrong(path, expected, format!("{} at position {i}", labels[i])));
    }
    Ok(IdxLabels { labels, sha256 })
}

/// A file whose header has been read.
struct Opened {
    path: PathBuf,
    reader: Reader,
    /// As it is in the file.
    header: Vec<u8>,
    dimensions: Vec<usize>,
    /// Bytes after the header, unpacked.
    bytes: usize,
    /// Bytes on disk.
    on_disk: u64,
}

enum Reader {
    Plain(File),
    Zipped(MultiGzDecoder<File>),
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(buffer),
            Self::Zipped(unpacked) => unpacked.read(buffer),
        }
    }
}

impl Opened {
    /// Reads the header of a file whose magic number is in `magics`; the last byte of it is the number of dimensions.
    fn open(path: &Path, magics: &[u32], what: &str) -> Result<Self, TrainError> {
        let unreadable = |error: std::io::Error| {
            let found = match error.kind() {
                std::io::ErrorKind::NotFound => "no such file".into(),
                _ => error.to_string(),
            };
            wrong(path, format!("a file of {what}"), found)
        };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            // Opening a pipe would wait for its other end.
            return Err(wrong(path, format!("a file of {what}"), "something that is not a file".into()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let on_disk = metadata.len();
        let zipped = path.extension().is_some_and(|extension| extension == "gz");
        let mut reader = if zipped { Reader::Zipped(MultiGzDecoder::new(file)) } else { Reader::Plain(file) };

        let mut header = vec![];
        let mut word = |header: &mut Vec<u8>, magic: u32| {
            let mut bytes = [0; 4];
            let expected = || format!("a header of {} bytes", 4 + 4 * (magic & 0xff));
            reader.read_exact(&mut bytes).map_err(|error| wrong(path, expected(), cause(&error)))?;
            header.extend(bytes);
            Ok::<u32, TrainError>(u32::from_be_bytes(bytes))
        };
        let magic = word(&mut header, magics[0])?;
        if !magics.contains(&magic) {
            let hint = match magic {
                IMAGES | COLOUR_IMAGES => " (a file of images)",
                LABELS => " (a file of labels)",
                _ => "",
            };
            let expected = magics.iter().map(u32::to_string).collect::<Vec<_>>().join(" or ");
            return Err(wrong(
                path,
                format!("the magic number {expected} of {what}"),
                format!("{magic}{hint}"),
            ));
        }
        let mut dimensions = vec![];
        for _ in 0..magic & 0xff {
            dimensions.push(word(&mut header, magic)? as usize);
        }
        let said = dimensions.iter().map(|&n| n as u128).product::<u128>();
        let described = described(&dimensions);
        if said == 0 {
            return Err(wrong(
                path,
                format!("at least one of its {what}"),
                format!("a header of {described}"),
            ));
        }
        // Before anything is allocated: can the file hold what its header says?
        let (least, times) = MOST_UNPACKED;
        let most = if zipped { least.max(on_disk.saturating_mul(times)) } else { on_disk };
        if said + header.len() as u128 > u128::from(most) {
            let unpacks = if zipped { format!(", which may unpack to {most}") } else { String::new() };
            return Err(wrong(
                path,
                format!("{said} bytes after a header of {described}"),
                format!("a file of {on_disk} bytes{unpacks}"),
            ));
        }
        let bytes = said as usize; // a file can hold it
        Ok(Self { path: path.to_owned(), reader, header, dimensions, bytes, on_disk })
    }

    /// Returns number, channels, height and width of a file of images.
    fn shape(&self) -> Result<[usize; 4], TrainError> {
        match self.dimensions[..] {
            [count, rows, columns] => Ok([count, 1, rows, columns]),
            [count, channels, rows, columns] => Ok([count, channels, rows, columns]),
            _ => {
                let found = self.dimensions.len().to_string();
                Err(wrong(&self.path, "three or four dimensions".into(), found))
            }
        }
    }

    /// Reads all after the header into memory, and returns it with the hash of the file, unpacked.
    fn read(self, sha256: Option<&str>) -> Result<(Vec<u8>, String), TrainError> {
        let Self { path, reader, header, dimensions, bytes, .. } = self;
        let expected = || format!("{bytes} bytes after a header of {}", described(&dimensions));
        let mut body = vec![];
        body.try_reserve_exact(bytes).map_err(|_| TrainError::Memory { bytes })?;
        let one_more = bytes as u64 + 1;
        reader
            .take(one_more)
            .read_to_end(&mut body)
            .map_err(|error| wrong(&path, expected(), cause(&error)))?;
        if body.len() != bytes {
            let found = if body.len() > bytes { "more".into() } else { format!("{} bytes", body.len()) };
            return Err(wrong(&path, expected(), found));
        }
        let hash = verified(&path, Sha256::new().chain_update(&header).chain_update(&body), sha256)?;
        Ok((body, hash))
    }

    /// Reads all of a plain file, some at a time, and returns it with its hash.
    fn verify_in_place(self, sha256: Option<&str>) -> Result<(PixelFile, String), TrainError> {
        let Self { path, reader, header, dimensions, bytes, on_disk } = self;
        let Reader::Plain(file) = reader else {
            return Err(TrainError::Internal("a compressed file is not read in place".into()));
        };
        if on_disk != (header.len() + bytes) as u64 {
            let expected = format!("{bytes} bytes after a header of {}", described(&dimensions));
            return Err(wrong(&path, expected, "more".into()));
        }
        let pixels = PixelFile::new(path.clone(), file, header.len() as u64)?;
        let mut hash = Sha256::new().chain_update(&header);
        let mut buffer = filled(bytes.min(1 << 20), 0)?;
        for start in (0..bytes).step_by(buffer.len()) {
            let some = buffer.len().min(bytes - start);
            pixels.read(start as u64, &mut buffer[..some])?;
            hash.update(&buffer[..some]);
        }
        pixels.check_unchanged()?;
        Ok((pixels, verified(&path, hash, sha256)?))
    }
}

/// Returns a hash as text, once it is the expected one, if any.
fn verified(path: &Path, hash: Sha256, expected: Option<&str>) -> Result<String, TrainError> {
    let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    match expected.filter(|expected| found != *expected) {
        None => Ok(found),
        Some(expected) => Err(wrong(
            path,
            format!("the file of sha256 {expected}"),
            format!("sha256 {found}: it was damaged or replaced; fetch or make it again"),
        )),
    }
}

/// Formats dimensions as `60000 x 28 x 28`.
fn described(dimensions: &[usize]) -> String {
    dimensions.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

fn cause(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "the file ends early".into(),
        _ => format!("damage ({error})"),
    }
}

fn wrong(path: &Path, expected: String, found: String) -> TrainError {
    TrainError::Data { path: path.to_owned(), expected, found }
}
