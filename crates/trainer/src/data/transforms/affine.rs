use serde::{Deserialize, Serialize};
use stepladder_kernels::warp;

use super::{Fill, Picture, Scratch, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// Rotation, translation, scale and shear: torchvision's `RandomAffine` with bilinear interpolation. Pixels outside the
/// image have the fill's colour, between which and the image's edges is interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AffineTransform {
    /// Maximum rotation in degrees, either way.
    pub rotation: f64,
    /// Maximum translation along each axis as a fraction of the size, in whole pixels.
    pub translation: f64,
    /// Smallest scale factor.
    pub scale_min: f64,
    /// Largest scale factor.
    pub scale_max: f64,
    /// Maximum shear along the rows in degrees, either way.
    pub shear: f64,
    /// The pixels outside the image.
    pub fill: Fill,
}

impl Default for AffineTransform {
    fn default() -> Self {
        let fill = Fill::default();
        Self { rotation: 0.0, translation: 0.0, scale_min: 1.0, scale_max: 1.0, shear: 0.0, fill }
    }
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

impl AffineTransform {
    pub(super) fn check(&self, at: Setting) -> Result<(), TrainError> {
        at.number("rotation", self.rotation, Range::at_least(0.0).at_most(180.0))?;
        at.number("translation", self.translation, Range::at_least(0.0).at_most(1.0))?;
        at.number("scaleMin", self.scale_min, Range::above(0.0).at_most(10.0))?;
        at.number("scaleMax", self.scale_max, Range::at_least(self.scale_min).at_most(10.0))?;
        at.number("shear", self.shear, Range::at_least(0.0).below(90.0))
    }

    /// Draws the transformation of one image.
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

    /// Transforms an image.
    pub fn apply(&self, fill: Fill, picture: &mut Picture, scratch: &mut Scratch) {
        let (inverse, outside) = (self.inverse(), fill.levels(picture.channels()));
        for (channel, plane) in picture.planes_mut() {
            scratch.surround(plane, outside.map(|levels| levels[channel]));
            warp(scratch.isa, &scratch.bordered, &inverse, plane);
        }
    }
}
