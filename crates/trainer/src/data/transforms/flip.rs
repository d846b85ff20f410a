use serde::{Deserialize, Serialize};

use super::{Picture, Setting};
use crate::TrainError;
use crate::random::Stream;

/// Mirrors an image with a probability: torchvision's `RandomHorizontalFlip` and `RandomVerticalFlip`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FlipTransform {
    /// Which sides change places.
    pub direction: Direction,
    /// Probability.
    pub probability: f64,
}

/// The direction in which pixels move when an image is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
}

impl Default for FlipTransform {
    fn default() -> Self {
        Self { direction: Direction::Horizontal, probability: 0.5 }
    }
}

impl FlipTransform {
    pub(super) fn check(&self, at: Setting) -> Result<(), TrainError> {
        at.probability(self.probability)
    }

    /// Draws whether an image is mirrored.
    #[must_use]
    pub fn draw(&self, stream: Stream) -> bool {
        stream.uniform(0, 0.0, 1.0) < self.probability
    }
}

impl Direction {
    /// Mirrors an image.
    pub fn apply(self, picture: &mut Picture) {
        let size = picture.size;
        for (_, plane) in picture.planes_mut() {
            match self {
                Self::Horizontal => plane.chunks_exact_mut(size).for_each(<[f32]>::reverse),
                Self::Vertical => {
                    let (top, bottom) = plane.split_at_mut(size / 2 * size);
                    for (upper, lower) in top.chunks_exact_mut(size).zip(bottom.rchunks_exact_mut(size)) {
                        upper.swap_with_slice(lower);
                    }
                }
            }
        }
    }
}
