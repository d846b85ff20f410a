use serde::{Deserialize, Serialize};

use super::beta::beta;
use super::mixup::ALPHA;
use super::{Mix, Rectangle, Setting};
use crate::TrainError;
use crate::random::Stream;

/// Pastes a rectangle of the image before it in the batch into each image, and mixes their labels by its area: torchvision's
/// `CutMix` (Yun et al. 2019).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CutmixTransform {
    /// Both parameters of the beta distribution that an image's share is drawn from, once a batch, before the rectangle is
    /// cut off at the edges.
    pub alpha: f64,
    /// The probability that a batch is mixed.
    pub probability: f64,
}

impl Default for CutmixTransform {
    fn default() -> Self {
        Self { alpha: 1.0, probability: 1.0 }
    }
}

impl CutmixTransform {
    pub(super) fn check(&self, at: Setting) -> Result<(), TrainError> {
        at.number("alpha", self.alpha, ALPHA)?;
        at.probability(self.probability)
    }

    /// Draws how a batch is mixed; `None` if it is not.
    #[must_use]
    pub fn draw(&self, stream: Stream, size: usize) -> Option<Mix> {
        let is_mixed = stream.uniform(0, 0.0, 1.0) < self.probability;
        is_mixed.then(|| {
            let share = beta(stream.at(0), self.alpha);
            let centre = [1, 2].map(|position| stream.below(position, size as u64) as usize);
            Mix::Paste(Rectangle::around(centre, share, size))
        })
    }
}

impl Rectangle {
    /// Returns the rectangle around a row and column that leaves a share of the image, as far as it is inside.
    #[must_use]
    pub fn around(centre: [usize; 2], share: f64, size: usize) -> Self {
        let half = (0.5 * (1.0 - share).sqrt() * size as f64) as usize;
        let [top, left] = centre.map(|place| place.saturating_sub(half));
        let [bottom, right] = centre.map(|place| (place + half).min(size));
        Self { top, left, height: bottom - top, width: right - left }
    }
}
