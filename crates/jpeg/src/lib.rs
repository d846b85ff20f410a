//! Decodes plain JPEG files to the bytes that sharp gives, in a fraction of its time for a small one.
//!
//! Plain is a file of 8 bits a sample in grey, YCbCr or RGB, without a colour profile or a gain map, about which libjpeg
//! gives no warning. Baseline and progressive files of any subsampling are plain; their EXIF orientation is applied. All
//! others, damaged ones too, are left to the caller's general decoder, which also has the reasons to report.
//!
//! The bytes are those of libvips because both are decoded by MozJPEG's copy of libjpeg-turbo with the same settings: the
//! accurate DCT and smooth upsampling. Its SIMD code gives the same bytes as its C code, except where damage that it does
//! not notice makes coefficients of more than 16 bits.

#![deny(missing_docs)]

mod header;
mod libjpeg;
mod upright;

/// The largest image that is decoded: as for every format, so that four at once fit in memory.
const MOST_PIXELS: u64 = 1 << 26;

/// An image, upright.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `[height, width, channels]`.
    pub samples: Vec<u8>,
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 grey, 3 red, green and blue.
    pub channels: usize,
    /// The EXIF orientation that was applied, from 1 (upright in the file) to 8.
    pub orientation: u8,
}

/// Returns whether a file begins as a JPEG does, for which its first three bytes are enough.
#[must_use]
pub fn is_jpeg(file: &[u8]) -> bool {
    file.starts_with(&[0xff, 0xd8, 0xff])
}

/// Decodes a file; `None` if it is not plain, too large, damaged, or there is no memory for it.
#[must_use]
pub fn decode(file: &[u8]) -> Option<Image> {
    if !is_jpeg(file) {
        return None;
    }
    let orientation = header::orientation(file)?;
    let decoder = libjpeg::Decoder::open(file)?;
    let libjpeg::Header { width, height, channels } = decoder.header();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return None;
    }
    let [width, height, channels] = [width, height, channels].map(|length| length as usize);
    let mut samples = zeros(width * height * channels)?;
    decoder.read(&mut samples)?;
    let stored = Image { samples, width, height, channels, orientation };
    upright::turn(stored)
}

/// Allocates without ending the process where there is no memory.
fn zeros(length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    bytes.try_reserve_exact(length).ok()?;
    bytes.resize(length, 0);
    Some(bytes)
}
