use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{Range, number};
use crate::net::Weights;

/// An exponential moving average of the weights, one term a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Averaging {
    /// The share of the average that a step keeps, in `[0, 1)`.
    pub decay: f64,
}

/// The averaged weights, which are evaluated and saved in place of the last ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Averages {
    /// Steps averaged so far.
    pub steps: usize,
    /// The averages of parameters and of running statistics alike.
    pub weights: Weights,
}

impl Averaging {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        number("averaging.decay", self.decay, Range::at_least(0.0).below(1.0))
    }

    /// Returns the share of the weights in their average after `steps` earlier ones.
    ///
    /// Early steps count for more, by a decay of at most `(1 + n) / (10 + n)` after `n` steps, so that the random
    /// first weights are soon forgotten (the rule of TensorFlow's `ExponentialMovingAverage`).
    #[must_use]
    pub fn share(&self, steps: usize) -> f64 {
        let steps = steps as f64;
        1.0 - self.decay.min((1.0 + steps) / (10.0 + steps))
    }
}

impl Averages {
    /// Blends a share of the current numbers into their averages.
    pub fn blend(averages: &mut [f32], current: &[f32], share: f64) {
        for (average, &value) in averages.iter_mut().zip(current) {
            *average += share as f32 * (value - *average);
        }
    }
}
