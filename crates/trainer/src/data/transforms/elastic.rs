use serde::{Deserialize, Serialize};
use stepladder_kernels::{blur, displace};

use super::blur::gaussian;
use super::{Fill, Picture, Scratch, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// Moves each pixel by a distance of its own, smooth over the image: torchvision's `ElasticTransform` with bilinear
/// interpolation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ElasticTransform {
    /// Strength: half of it, in pixels, is multiplied by a blurred field of numbers from -1 to 1.
    pub alpha: f64,
    /// The standard deviation of the blur, in pixels.
    pub sigma: f64,
    /// The pixels outside the image.
    pub fill: Fill,
}

impl Default for ElasticTransform {
    fn default() -> Self {
        Self { alpha: 50.0, sigma: 5.0, fill: Fill::default() }
    }
}

impl ElasticTransform {
    pub(super) fn check(&self, at: Setting, size: usize) -> Result<(), TrainError> {
        at.number("alpha", self.alpha, Range::at_least(0.0).at_most(10_000.0))?;
        // The blur reaches four deviations, at most to the image's other side.
        at.number("sigma", self.sigma, Range::above(0.0).below((2 * size - 1) as f64 / 8.0))
    }

    /// Draws how far each pixel of one image moves: the distances to the right and down are in the scratch's first two planes.
    pub(super) fn draw(&self, stream: Stream, size: usize, scratch: &mut Scratch) {
        let reach = ((8.0 * self.sigma) as usize).div_ceil(2);
        gaussian(self.sigma, 2 * reach + 1, &mut scratch.taps);
        let Scratch { isa, taps, planes: [right, down, buffer], .. } = scratch;
        let area = size * size;
        for (axis, shifts) in [right, down].into_iter().enumerate() {
            for (place, shift) in shifts[..area].iter_mut().enumerate() {
                *shift = stream.uniform((axis * area + place) as u64, -1.0, 1.0) as f32;
            }
            blur(*isa, taps, size, &mut shifts[..area], buffer);
            for shift in &mut shifts[..area] {
                *shift *= (self.alpha / 2.0) as f32;
            }
        }
    }

    /// Moves the pixels of an image by the distances in the scratch's first two planes.
    pub(super) fn apply(&self, picture: &mut Picture, scratch: &mut Scratch) {
        let (area, outside) = (picture.area(), self.fill.levels(picture.channels()));
        for (channel, plane) in picture.planes_mut() {
            scratch.surround(plane, outside.map(|levels| levels[channel]));
            let [right, down, _] = &scratch.planes;
            displace(scratch.isa, &scratch.bordered, [&right[..area], &down[..area]], plane);
        }
    }
}
