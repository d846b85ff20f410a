use serde::{Deserialize, Serialize};

use super::{Fill, Picture, Scratch, Setting};
use crate::TrainError;
use crate::random::Stream;

/// A square of the image with a border around it, at a place that is drawn: torchvision's `RandomCrop`. A square smaller than
/// the image is enlarged to its size, bilinearly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CropTransform {
    /// Width of the border in pixels.
    pub padding: usize,
    /// Height and width of the square in pixels; those of the image if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// The border's pixels.
    #[serde(default)]
    pub fill: Fill,
}

/// One square of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crop {
    /// Height and width.
    pub size: usize,
    /// Its first row and column, counted from those of the image; negative for a border.
    pub from: [isize; 2],
}

impl CropTransform {
    pub(super) fn check(&self, at: Setting, size: usize) -> Result<(), TrainError> {
        let crop = self.size.unwrap_or(size);
        if !(1..=size).contains(&crop) {
            let expected = format!("a whole number from 1 to {size}, the size of the images");
            return Err(at.refuse("size", expected, crop));
        }
        if self.padding >= crop {
            let expected = format!("a whole number below {crop}, so that part of the image stays in sight");
            return Err(at.refuse("padding", expected, self.padding));
        }
        Ok(())
    }

    /// Draws the square of one image.
    #[must_use]
    pub fn draw(&self, stream: Stream, size: usize) -> Crop {
        let crop = self.size.unwrap_or(size);
        let places = (size + 2 * self.padding - crop + 1) as u64;
        let from = [0, 1].map(|axis| stream.below(axis, places) as isize - self.padding as isize);
        Crop { size: crop, from }
    }
}

impl Crop {
    /// Cuts the square out of an image and enlarges it to the image's size.
    pub fn apply(&self, fill: Fill, picture: &mut Picture, scratch: &mut Scratch) {
        let size = picture.size;
        let (ends, outside) = (enlarged(self.size, size), fill.levels(picture.channels()));
        for (channel, plane) in picture.planes_mut() {
            let source = &mut scratch.planes[0][..size * size];
            source.copy_from_slice(plane);
            let pixel = |row: usize, column: usize| {
                let place = [row, column].map(|place| place as isize);
                let [row, column] = [0, 1].map(|axis| place[axis] + self.from[axis]);
                let [inside_row, inside_column] = [row, column].map(|at| at.clamp(0, size as isize - 1));
                match outside {
                    Some(levels) if [row, column] != [inside_row, inside_column] => levels[channel],
                    _ => source[inside_row as usize * size + inside_column as usize],
                }
            };
            for (row, values) in plane.chunks_exact_mut(size).enumerate() {
                if self.size == size {
                    for (column, value) in values.iter_mut().enumerate() {
                        *value = pixel(row, column);
                    }
                    continue;
                }
                let (above, below, down) = ends(row);
                for (column, value) in values.iter_mut().enumerate() {
                    let (left, right, across) = ends(column);
                    let top = pixel(above, left) * (1.0 - across) + pixel(above, right) * across;
                    let bottom = pixel(below, left) * (1.0 - across) + pixel(below, right) * across;
                    *value = top * (1.0 - down) + bottom * down;
                }
            }
        }
    }
}

/// Returns the pixels before and behind the place where a pixel of the enlarged square is read, and its distance from the
/// first.
fn enlarged(from: usize, to: usize) -> impl Fn(usize) -> (usize, usize, f32) {
    move |place| {
        let place = ((place as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0);
        let first = place as usize;
        (first, (first + 1).min(from - 1), (place - first as f64) as f32)
    }
}
