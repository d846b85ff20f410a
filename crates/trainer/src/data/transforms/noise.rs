use serde::{Deserialize, Serialize};

use super::{Picture, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// Adds a number from a normal distribution to each value, within `[0, 1]`: torchvision's `GaussianNoise`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NoiseTransform {
    /// The standard deviation, where values are from 0 for black to 1.
    pub sigma: f64,
}

impl Default for NoiseTransform {
    fn default() -> Self {
        Self { sigma: 0.1 }
    }
}

impl NoiseTransform {
    pub(super) fn check(&self, at: Setting) -> Result<(), TrainError> {
        at.number("sigma", self.sigma, Range::at_least(0.0).at_most(1.0))
    }

    /// Draws the noise of one image and adds it.
    pub(super) fn apply(&self, stream: Stream, picture: &mut Picture) {
        for (place, value) in picture.values.iter_mut().enumerate() {
            *value = (*value + (stream.normal(place as u64) * self.sigma) as f32).clamp(0.0, 1.0);
        }
    }
}
