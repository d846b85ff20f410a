//! The IDX format of MNIST: a magic number, dimensions as big-endian u32, then bytes. Nothing in a file is trusted.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::TrainError;

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

/// Reads a file of images.
///
/// # Errors
///
/// [`TrainError::Data`] with the file, the expected and the found content.
pub fn read_images(path: &Path, sha256: Option<&str>) -> Result<IdxImages, TrainError> {
    let (dimensions, pixels, sha256) = read(path, &[IMAGES, COLOUR_IMAGES], "images", sha256)?;
    let (count, channels, rows, columns) = match dimensions[..] {
        [count, rows, columns] => (count, 1, rows, columns),
        [count, channels, rows, columns] => (count, channels, rows, columns),
        _ => return Err(wrong(path, "three or four dimensions".into(), dimensions.len().to_string())),
    };
    Ok(IdxImages { count, channels, rows, columns, pixels, sha256 })
}

/// Reads a file of labels, each below `classes`.
///
/// # Errors
///
/// [`TrainError::Data`] with the file, the expected and the found content.
pub fn read_labels(path: &Path, classes: usize, sha256: Option<&str>) -> Result<IdxLabels, TrainError> {
    let (_, labels, sha256) = read(path, &[LABELS], "labels", sha256)?;
    if let Some(i) = labels.iter().position(|&label| usize::from(label) >= classes) {
        let expected = format!("labels below {classes}");
        return Err(wrong(path, expected, format!("{} at position {i}", labels[i])));
    }
    Ok(IdxLabels { labels, sha256 })
}

/// Reads a file whose magic number is in `magics`; the last byte of it is the number of dimensions.
fn read(
    path: &Path,
    magics: &[u32],
    what: &str,
    sha256: Option<&str>,
) -> Result<(Vec<usize>, Vec<u8>, String), TrainError> {
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
    let mut reader: Box<dyn Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };

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
        return Err(wrong(path, format!("the magic number {expected} of {what}"), format!("{magic}{hint}")));
    }
    let mut dimensions = vec![];
    for _ in 0..magic & 0xff {
        dimensions.push(word(&mut header, magic)? as usize);
    }
    let said = dimensions.iter().map(|&n| n as u128).product::<u128>();
    let described = dimensions.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    if said == 0 {
        return Err(wrong(path, format!("at least one of its {what}"), format!("a header of {described}")));
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

    let said = said as usize; // a file can hold it
    let mut body = vec![];
    body.try_reserve_exact(said).map_err(|_| TrainError::Memory { bytes: said })?;
    let one_more = said as u64 + 1;
    reader
        .take(one_more)
        .read_to_end(&mut body)
        .map_err(|error| wrong(path, format!("{said} bytes after a header of {described}"), cause(&error)))?;
    if body.len() != said {
        let found = if body.len() > said { "more".into() } else { format!("{} bytes", body.len()) };
        return Err(wrong(path, format!("{said} bytes after a header of {described}"), found));
    }
    let hash = Sha256::new().chain_update(&header).chain_update(&body).finalize();
    let found: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(expected) = sha256.filter(|expected| found != *expected) {
        return Err(wrong(
            path,
            format!("the file of sha256 {expected}"),
            format!("sha256 {found}: it was damaged or replaced; fetch or make it again"),
        ));
    }
    Ok((dimensions, body, found))
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
