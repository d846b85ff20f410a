use serde::{Deserialize, Serialize};

use super::beta::beta;
use super::{Mix, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// Blends each image of a batch with the one before it, and their labels likewise: torchvision's `MixUp` (Zhang et al. 2017).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MixupTransform {
    /// Both parameters of the beta distribution that an image's share is drawn from, once a batch.
    pub alpha: f64,
    /// The probability that a batch is mixed.
    pub probability: f64,
}

impl Default for MixupTransform {
    fn default() -> Self {
        Self { alpha: 1.0, probability: 1.0 }
    }
}

/// The parameters of a beta distribution that may be asked for.
pub(super) const ALPHA: Range = Range::at_least(0.001).at_most(1000.0);

impl MixupTransform {
    pub(super) fn check(&self, at: Setting) -> Result<(), TrainError> {
        at.number("alpha", self.alpha, ALPHA)?;
        at.probability(self.probability)
    }

    /// Draws how a batch is mixed; `None` if it is not.
    #[must_use]
    pub fn draw(&self, stream: Stream) -> Option<Mix> {
        let is_mixed = stream.uniform(0, 0.0, 1.0) < self.probability;
        is_mixed.then(|| Mix::Blend { share: beta(stream.at(0), self.alpha) })
    }
}
