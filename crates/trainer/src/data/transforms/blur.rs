use serde::{Deserialize, Serialize};
use stepladder_kernels::blur;

use super::{Picture, Scratch, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// A Gaussian blur whose strength is drawn: torchvision's `GaussianBlur`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlurTransform {
    /// Height and width of the kernel in pixels, odd.
    pub kernel: usize,
    /// Smallest standard deviation in pixels.
    #[serde(default = "sigma_min")]
    pub sigma_min: f64,
    /// Largest standard deviation in pixels.
    #[serde(default = "sigma_max")]
    pub sigma_max: f64,
}

const fn sigma_min() -> f64 {
    0.1
}

const fn sigma_max() -> f64 {
    2.0
}

impl BlurTransform {
    pub(super) fn check(&self, at: Setting, size: usize) -> Result<(), TrainError> {
        // Beyond its edges an image is mirrored, once.
        let most = 2 * size - 1;
        if !(1..=most).contains(&self.kernel) || self.kernel.is_multiple_of(2) {
            let expected = format!("an odd number from 1 to {most}, for images of {size} pixels");
            return Err(at.refuse("kernel", expected, self.kernel));
        }
        at.number("sigmaMin", self.sigma_min, Range::at_least(0.01).at_most(1000.0))?;
        at.number("sigmaMax", self.sigma_max, Range::at_least(self.sigma_min).at_most(1000.0))
    }

    /// Draws the standard deviation of one image's blur.
    #[must_use]
    pub fn draw(&self, stream: Stream) -> f64 {
        stream.uniform(0, self.sigma_min, self.sigma_max)
    }

    /// Blurs an image.
    pub fn apply(&self, sigma: f64, picture: &mut Picture, scratch: &mut Scratch) {
        gaussian(sigma, self.kernel, &mut scratch.taps);
        let Scratch { isa, taps, planes: [_, _, buffer], .. } = scratch;
        let size = picture.size;
        for (_, plane) in picture.planes_mut() {
            blur(*isa, taps, size, plane, buffer);
        }
    }
}

/// Writes the values of a normal distribution at whole distances from its middle, `count` of them, which sum to 1.
pub(super) fn gaussian(sigma: f64, count: usize, taps: &mut Vec<f32>) {
    let value = |place: usize| {
        let distance = (place as f64 - (count / 2) as f64) / sigma;
        libm::exp(-0.5 * distance * distance)
    };
    let sum: f64 = (0..count).map(value).sum();
    taps.clear();
    taps.extend((0..count).map(|place| (value(place) / sum) as f32));
}
