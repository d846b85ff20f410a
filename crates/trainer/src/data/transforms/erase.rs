use serde::{Deserialize, Serialize};

use super::{Colour, Picture, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// Erases a rectangle with a probability: torchvision's `RandomErasing`, before images are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EraseTransform {
    /// Probability.
    pub probability: f64,
    /// Smallest area of the rectangle as a fraction of the image's.
    pub area_min: f64,
    /// Largest area.
    pub area_max: f64,
    /// Smallest height over width.
    pub ratio_min: f64,
    /// Largest height over width.
    pub ratio_max: f64,
    /// The rectangle's colour.
    pub fill: Colour,
}

/// A rectangle of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rectangle {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// How often torchvision draws a rectangle until one fits into the image.
const ATTEMPTS: u64 = 10;

impl Default for EraseTransform {
    fn default() -> Self {
        let fill = Colour::default();
        Self { probability: 0.5, area_min: 0.02, area_max: 0.33, ratio_min: 0.3, ratio_max: 3.3, fill }
    }
}

impl EraseTransform {
    pub(super) fn check(&self, at: Setting, size: usize) -> Result<(), TrainError> {
        at.probability(self.probability)?;
        at.number("areaMin", self.area_min, Range::at_least(0.0).below(1.0))?;
        at.number("areaMax", self.area_max, Range::at_least(self.area_min).below(1.0))?;
        at.number("ratioMin", self.ratio_min, Range::above(0.0).at_most(1000.0))?;
        at.number("ratioMax", self.ratio_max, Range::at_least(self.ratio_min).at_most(1000.0))?;
        let squarest = 1.0_f64.clamp(self.ratio_min, self.ratio_max);
        if sides(self.area_min, squarest, size).is_none() {
            let expected =
                format!("smaller: no such rectangle leaves a part of an image of {size} x {size} in sight");
            return Err(at.refuse("areaMin", expected, self.area_min));
        }
        Ok(())
    }

    /// Draws the rectangle of one image; `None` if nothing is erased.
    #[must_use]
    pub fn draw(&self, stream: Stream, size: usize) -> Option<Rectangle> {
        if stream.uniform(0, 0.0, 1.0) >= self.probability {
            return None;
        }
        let ratios = [self.ratio_min, self.ratio_max].map(libm::log);
        (0..ATTEMPTS).find_map(|attempt| {
            let position = 1 + 4 * attempt;
            let area = stream.uniform(position, self.area_min, self.area_max);
            let ratio = libm::exp(stream.uniform(position + 1, ratios[0], ratios[1]));
            let [height, width] = sides(area, ratio, size)?;
            let place = |position, length| stream.below(position, (size - length) as u64 + 1) as usize;
            let (top, left) = (place(position + 2, height), place(position + 3, width));
            Some(Rectangle { top, left, height, width })
        })
    }
}

/// Returns height and width of a rectangle; `None` if one of them is as long as the image's.
fn sides(area: f64, ratio: f64, size: usize) -> Option<[usize; 2]> {
    let area = area * (size * size) as f64;
    let sides = [area * ratio, area / ratio].map(|square| square.sqrt().round_ties_even() as usize);
    sides.iter().all(|&side| side < size).then_some(sides)
}

impl Rectangle {
    /// Fills the rectangle of an image.
    pub fn apply(&self, fill: Colour, picture: &mut Picture) {
        let (size, levels) = (picture.size, fill.levels(picture.channels()));
        for (channel, plane) in picture.planes_mut() {
            for row in plane.chunks_exact_mut(size).skip(self.top).take(self.height) {
                row[self.left..][..self.width].fill(levels[channel]);
            }
        }
    }
}
