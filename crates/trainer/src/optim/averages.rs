use serde::{Deserialize, Serialize};
use tch::{Device, no_grad};

use crate::TrainError;
use crate::config::{Range, number};
use crate::net::{Weights, slice, slice_mut};

/// An exponential moving average of the weights, one term a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Averaging {
    /// The share of the average that a step keeps, in `[0, 1)`.
    pub decay: f64,
}

impl Averaging {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        number("averaging.decay", self.decay, Range::at_least(0.0).below(1.0))
    }
}

/// The averaged weights: what is judged and kept in place of the last ones.
#[derive(Debug)]
pub struct Averages {
    averaging: Averaging,
    /// Taken in so far.
    pub(crate) steps: usize,
    /// The averages of parameters and of running statistics alike.
    pub weights: Weights,
}

impl Averages {
    /// Starts from a copy.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] when the device has no room.
    pub fn new(averaging: Averaging, weights: &Weights) -> Result<Self, TrainError> {
        Ok(Self { averaging, steps: 0, weights: weights.copy()? })
    }

    /// Takes in the weights after a step.
    ///
    /// Early steps count for more, by a decay of at most `(1 + n) / (10 + n)` after `n` steps, so that the random
    /// first weights are soon forgotten (the rule of TensorFlow's `ExponentialMovingAverage`).
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    pub fn update(&mut self, weights: &Weights) -> Result<(), TrainError> {
        let steps = self.steps as f64;
        self.steps += 1;
        let share = 1.0 - self.averaging.decay.min((1.0 + steps) / (10.0 + steps));
        for (average, current) in self.weights.tensors_mut().zip(weights.tensors()) {
            if average.device() == Device::Cpu {
                for (a, &w) in slice_mut(average).iter_mut().zip(slice(current)) {
                    *a += share as f32 * (w - *a);
                }
            } else {
                let _ = no_grad(|| average.f_lerp_(current, share))?;
            }
        }
        Ok(())
    }
}
