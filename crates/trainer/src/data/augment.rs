use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{Range, number};
use crate::random::Stream;

/// The augmentation of training images, with torchvision's meaning of each range
/// (`RandomAffine` with bilinear interpolation, `ColorJitter`). Pixels are in `[0, 1]`, not yet normalised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Augmentation {
    /// Rotated by at most so many degrees, either way.
    pub rotation: f64,
    /// Moved by at most this share of the size along each axis, in whole pixels.
    pub translation: f64,
    /// The least factor of size.
    pub scale_min: f64,
    /// The largest factor of size.
    pub scale_max: f64,
    /// Sheared along the rows by at most so many degrees, either way.
    pub shear: f64,
    /// Brightness is multiplied by at most 1 + this and at least 1 - this.
    pub brightness: f64,
    /// The distance from the image's mean likewise.
    pub contrast: f64,
}

/// One affine transformation: rotated, sheared and scaled about the centre, then moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine {
    /// Degrees, clockwise as one sees it.
    pub rotation: f64,
    /// Pixels to the right and down.
    pub translation: [f64; 2],
    /// Factor of size.
    pub scale: f64,
    /// Degrees along the rows.
    pub shear: f64,
}

impl Augmentation {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        number("augmentation.rotation", self.rotation, Range::at_least(0.0).at_most(180.0))?;
        number("augmentation.translation", self.translation, Range::at_least(0.0).at_most(1.0))?;
        number("augmentation.scaleMin", self.scale_min, Range::above(0.0).at_most(10.0))?;
        number("augmentation.scaleMax", self.scale_max, Range::at_least(self.scale_min).at_most(10.0))?;
        number("augmentation.shear", self.shear, Range::at_least(0.0).below(90.0))?;
        number("augmentation.brightness", self.brightness, Range::at_least(0.0).at_most(10.0))?;
        number("augmentation.contrast", self.contrast, Range::at_least(0.0).at_most(10.0))
    }

    /// Draws the transformation of one image, from the image's own stream.
    #[must_use]
    pub fn draw(&self, stream: Stream, size: usize) -> Affine {
        let farthest = self.translation * size as f64;
        let shift = |position| stream.uniform(position, -farthest, farthest).round_ties_even();
        Affine {
            rotation: stream.uniform(0, -self.rotation, self.rotation),
            translation: [shift(1), shift(2)],
            scale: stream.uniform(3, self.scale_min, self.scale_max),
            shear: stream.uniform(4, -self.shear, self.shear),
        }
    }

    /// Draws the factors of brightness and contrast of one image, from the image's own stream.
    #[must_use]
    pub fn draw_factors(&self, stream: Stream) -> [f64; 2] {
        let factor = |position, range: f64| stream.uniform(position, (1.0 - range).max(0.0), 1.0 + range);
        [factor(5, self.brightness), factor(6, self.contrast)]
    }
}

impl Affine {
    /// Returns the map from a pixel of the result to the place where it is read, both from the centre of the image:
    /// `[a b c; d e f]`.
    #[must_use]
    pub fn inverse(&self) -> [f64; 6] {
        let (angle, shear) = (self.rotation.to_radians(), self.shear.to_radians());
        let (sin, cos, tan) = (libm::sin(angle), libm::cos(angle), libm::tan(shear));
        // Rotation times shear is [cos, -cos tan - sin; sin, -sin tan + cos], of determinant 1.
        let (a, b) = ((cos - sin * tan) / self.scale, (cos * tan + sin) / self.scale);
        let (d, e) = (-sin / self.scale, cos / self.scale);
        let [x, y] = self.translation;
        [a, b, -(a * x + b * y), d, e, -(d * x + e * y)]
    }
}

/// The weights of red, green and blue in grey (ITU-R BT.601, with torchvision's digits).
const GREY: [f64; 3] = [0.2989, 0.587, 0.114];

/// Multiplies brightness of an image `[C, H, W]`, then contrast about the mean of its grey, each kept within `[0, 1]`.
pub fn adjust(image: &mut [f32], channels: usize, [brightness, contrast]: [f64; 2]) {
    for value in &mut *image {
        *value = (*value * brightness as f32).clamp(0.0, 1.0);
    }
    let area = image.len() / channels;
    let means = image
        .chunks_exact(area)
        .map(|channel| channel.iter().map(|&value| f64::from(value)).sum::<f64>() / area as f64);
    let mean: f64 = match channels {
        3 => means.zip(GREY).map(|(mean, share)| mean * share).sum(),
        _ => means.sum::<f64>() / channels as f64,
    };
    let offset = (mean * (1.0 - contrast)) as f32;
    for value in image {
        *value = (*value * contrast as f32 + offset).clamp(0.0, 1.0);
    }
}
