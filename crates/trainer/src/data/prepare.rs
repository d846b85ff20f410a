//! Brings a decoded image of any size to the square that a net takes.
//!
//! Flattening, grey and resampling follow Pillow (`Image.alpha_composite`, `convert('L')`, `resize` with `LANCZOS`), so
//! that a data set prepared with Pillow or torchvision and a file read here give the same images.

use std::borrow::Cow;
use std::ops::Range;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::TrainError;
use crate::alloc::filled;

/// A decoded image.
#[derive(Debug, Clone, Copy)]
pub struct Decoded<'a> {
    /// `[height, width, channels]`: samples of a byte, or of two in the machine's byte order.
    pub samples: &'a [u8],
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 grey, 2 grey and alpha, 3 red, green and blue, 4 with alpha.
    pub channels: usize,
    /// Bits of a sample that are used: 8 for bytes, 9 to 16 for two. The largest value they hold is white.
    pub bits: u32,
}

/// How an image fills the square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The whole image, with bars of the background where it is not square.
    Whole,
    /// The largest square in its middle.
    Cover,
    /// The whole image, stretched.
    Fill,
}

/// What a net takes, and how an image is brought to it.
#[derive(Debug, Clone, Copy)]
pub struct Preparation {
    /// Height and width of the square.
    pub size: usize,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// How an image that is not square fills it.
    pub fit: Fit,
    /// Red, green and blue: what lies under transparent pixels, and beside an image that is fitted whole.
    pub background: [u8; 3],
}

/// Prepares an image.
///
/// Returns `channels * size * size` bytes, channel by channel and row by row.
///
/// # Errors
///
/// [`TrainError::Memory`], and [`TrainError::Internal`] for samples that are not as many as the sizes say.
pub fn prepare(image: &Decoded, to: &Preparation) -> Result<Vec<u8>, TrainError> {
    let flat = flatten(image, to)?;
    let (mut columns, mut rows) = (to.size, to.size);
    if to.fit == Fit::Whole {
        let longer = image.width.max(image.height);
        columns = scaled(image.width, to.size, longer);
        rows = scaled(image.height, to.size, longer);
    }
    // The middle square, or all of it: left, top, width and height.
    let (width, height) = (image.width as f64, image.height as f64);
    let side = width.min(height);
    let (left, top, width, height) = match to.fit {
        Fit::Cover => ((width - side) / 2.0, (height - side) / 2.0, side, side),
        Fit::Whole | Fit::Fill => (0.0, 0.0, width, height),
    };
    // Rows before columns, as in Pillow: between the two, values are clipped to bytes.
    let sizes = [(image.width, image.height), (columns, image.height), (columns, rows)];
    let narrow = resize(&flat, to.channels, [sizes[0], sizes[1]], [left, 0.0, width, image.height as f64])?;
    let resized = resize(&narrow, to.channels, [sizes[1], sizes[2]], [0.0, top, columns as f64, height])?;

    let mut planes = filled(to.channels * to.size * to.size, 0_u8)?;
    let (left, top) = ((to.size - columns) / 2, (to.size - rows) / 2);
    let backgrounds = if to.channels == 1 { [luma(to.background); 3] } else { to.background };
    for (channel, plane) in planes.chunks_exact_mut(to.size * to.size).enumerate() {
        plane.fill(backgrounds[channel]);
        for (row, from) in resized.chunks_exact(columns * to.channels).enumerate() {
            let line = &mut plane[(top + row) * to.size + left..][..columns];
            for (value, pixel) in line.iter_mut().zip(from.chunks_exact(to.channels)) {
                *value = pixel[channel];
            }
        }
    }
    Ok(planes)
}

/// Resamples part of an image, `[height, width, channels]`, from one width and height to another.
fn resize(
    pixels: &[u8],
    channels: usize,
    [from, to]: [(usize, usize); 2],
    [left, top, width, height]: [f64; 4],
) -> Result<Vec<u8>, TrainError> {
    let wrong =
        |error: &dyn std::error::Error| TrainError::Internal(format!("an image was not resized: {error}"));
    let pixel = if channels == 1 { PixelType::U8 } else { PixelType::U8x3 };
    let source = ImageRef::new(from.0 as u32, from.1 as u32, pixels, pixel).map_err(|error| wrong(&error))?;
    let mut resized = Image::new(to.0 as u32, to.1 as u32, pixel);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false)
        .crop(left, top, width, height);
    Resizer::new().resize(&source, &mut resized, &options).map_err(|error| wrong(&error))?;
    Ok(resized.into_vec())
}

/// Adds up how bright the visible pixels of an image are.
///
/// Returns the sum of their grey levels, weighted by alpha, and the sum of the weights, in pixels. Their quotient is the
/// mean level, from 0 to 255.
#[must_use]
pub fn visible_brightness(image: &Decoded) -> [f64; 2] {
    let has_alpha = image.channels.is_multiple_of(2);
    let colours = image.channels - usize::from(has_alpha);
    let (mut sum, mut weight) = (0_u64, 0_u64);
    for pixel in 0..image.width * image.height {
        let level = |channel: usize| image.level(pixel * image.channels + channel);
        let grey = if colours == 1 { level(0) } else { luma([level(0), level(1), level(2)]) };
        let alpha = if has_alpha { level(colours) } else { 255 };
        sum += u64::from(grey) * u64::from(alpha);
        weight += u64::from(alpha);
    }
    [sum as f64 / 255.0, weight as f64 / 255.0]
}

/// Returns the largest colour sample of an image, as a share of white.
#[must_use]
pub fn brightest(image: &Decoded) -> f64 {
    let has_alpha = image.channels.is_multiple_of(2);
    let colours = image.channels - usize::from(has_alpha);
    let samples = 0..image.width * image.height * image.channels;
    let most =
        samples.filter(|index| index % image.channels < colours).map(|index| image.sample(index)).max();
    f64::from(most.unwrap_or(0)) / f64::from(image.white())
}

impl Decoded<'_> {
    fn white(&self) -> u32 {
        (1 << self.bits) - 1
    }

    fn sample(&self, index: usize) -> u32 {
        if self.bits <= 8 {
            u32::from(self.samples[index])
        } else {
            u32::from(u16::from_ne_bytes([self.samples[2 * index], self.samples[2 * index + 1]]))
        }
    }

    /// A sample as one of 256 levels, rounded to the nearest.
    fn level(&self, index: usize) -> u8 {
        if self.bits == 8 {
            return self.samples[index];
        }
        let white = self.white();
        ((self.sample(index).min(white) * 255 + white / 2) / white) as u8
    }

    fn row(&self, row: usize) -> Range<usize> {
        row * self.width..(row + 1) * self.width
    }
}

/// Lays an image onto the background, in as many channels as the net takes: `[height, width, channels]`.
fn flatten<'a>(image: &Decoded<'a>, to: &Preparation) -> Result<Cow<'a, [u8]>, TrainError> {
    let wanted = image.width * image.height * image.channels * if image.bits <= 8 { 1 } else { 2 };
    if image.samples.len() != wanted || wanted == 0 {
        let found = image.samples.len();
        return Err(TrainError::Internal(format!("an image has {found} bytes, and its size makes {wanted}")));
    }
    if image.bits == 8 && image.channels == to.channels {
        return Ok(Cow::Borrowed(image.samples)); // opaque already, and of as many channels
    }
    let has_alpha = image.channels.is_multiple_of(2);
    let colours = image.channels - usize::from(has_alpha);
    let mut flat = filled(image.width * image.height * to.channels, 0_u8)?;
    for (row, line) in flat.chunks_exact_mut(image.width * to.channels).enumerate() {
        for (pixel, out) in image.row(row).zip(line.chunks_exact_mut(to.channels)) {
            let level = |channel: usize| image.level(pixel * image.channels + channel);
            let mut colour = if colours == 1 { [level(0); 3] } else { [level(0), level(1), level(2)] };
            if has_alpha {
                let alpha = level(colours);
                for (value, under) in colour.iter_mut().zip(to.background) {
                    *value = blend(*value, under, alpha);
                }
            }
            match out {
                [grey] => *grey = luma(colour),
                _ => out.copy_from_slice(&colour),
            }
        }
    }
    Ok(Cow::Owned(flat))
}

/// Mixes two levels as Pillow does: `(over * alpha + under * (255 - alpha)) / 255`, rounded to the nearest.
fn blend(over: u8, under: u8, alpha: u8) -> u8 {
    let sum = u32::from(over) * u32::from(alpha) + u32::from(under) * u32::from(255 - alpha) + 128;
    (((sum >> 8) + sum) >> 8) as u8
}

/// Returns the grey of a colour by ITU-R BT.601 in Pillow's fixed point: 76, 150 and 29 for pure red, green and blue.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471 + 0x8000) >> 16) as u8
}

/// Returns a length scaled by `size / longer`, rounded to the nearest and at least 1.
fn scaled(length: usize, size: usize, longer: usize) -> usize {
    ((2 * length * size + longer) / (2 * longer)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Preparation = Preparation { size: 4, channels: 1, fit: Fit::Whole, background: [0; 3] };

    fn one_pixel(samples: &[u8], channels: usize, background: [u8; 3], to: usize) -> Vec<u8> {
        let image = Decoded { samples, width: 1, height: 1, channels, bits: 8 };
        prepare(&image, &Preparation { size: 1, channels: to, background, ..WHOLE }).unwrap()
    }

    #[test]
    fn greys_are_those_of_pillow() {
        for (colour, grey) in
            [([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([255; 3], 255), ([7; 3], 7)]
        {
            assert_eq!(one_pixel(&colour, 3, [0; 3], 1), [grey]);
        }
    }

    #[test]
    fn transparent_pixels_show_the_background() {
        assert_eq!(one_pixel(&[0, 0, 0, 0], 4, [255, 254, 1], 3), [255, 254, 1]);
        assert_eq!(one_pixel(&[200, 100, 50, 128], 4, [0; 3], 3), [100, 50, 25]);
        assert_eq!(one_pixel(&[10, 0], 2, [255; 3], 1), [255]);
    }

    #[test]
    fn grey_images_fill_all_channels() {
        assert_eq!(one_pixel(&[9], 1, [0; 3], 3), [9, 9, 9]);
    }

    #[test]
    fn bits_say_what_white_is() {
        for (bits, value, level) in [(12, 4095_u16, 255), (12, 2048, 128), (16, 4095, 16), (16, 65535, 255)] {
            let image = Decoded { samples: &value.to_ne_bytes(), width: 1, height: 1, channels: 1, bits };
            assert_eq!(prepare(&image, &Preparation { size: 1, ..WHOLE }).unwrap(), [level], "{bits} bits");
        }
    }

    #[test]
    fn a_wide_image_is_centred_cut_or_stretched() {
        let samples = [[10; 2], [20; 2], [30; 2], [40; 2]].concat().repeat(4);
        let image = Decoded { samples: &samples, width: 8, height: 4, channels: 1, bits: 8 };
        let rows = |fit| prepare(&image, &Preparation { fit, background: [99; 3], ..WHOLE }).unwrap();
        let whole = rows(Fit::Whole);
        assert_eq!(&whole[..4], [99; 4]);
        assert_eq!(&whole[12..], [99; 4]);
        assert!(whole[4] < 15 && whole[7] > 35);
        let fill = rows(Fit::Fill);
        assert_eq!(fill[..4], whole[4..8]);
        assert_eq!(rows(Fit::Cover)[..4], [20, 20, 30, 30]);
    }

    #[test]
    fn the_brightness_of_visible_pixels_leaves_out_the_transparent() {
        let samples = [0, 255, 255, 0]; // black and visible, white and transparent
        let image = Decoded { samples: &samples, width: 2, height: 1, channels: 2, bits: 8 };
        assert_eq!(visible_brightness(&image), [0.0, 1.0]);
        let dark = Decoded { samples: &4095_u16.to_ne_bytes(), width: 1, height: 1, channels: 1, bits: 16 };
        assert!((brightest(&dark) - 4095.0 / 65535.0).abs() < 1e-12);
    }

    #[test]
    fn samples_that_do_not_fit_their_size_are_an_error() {
        let image = Decoded { samples: &[0; 3], width: 2, height: 2, channels: 1, bits: 8 };
        assert_eq!(prepare(&image, &WHOLE).unwrap_err().code(), "internal");
    }
}
