use serde::{Deserialize, Serialize};

use super::{Decayed, Update};
use crate::TrainError;
use crate::config::{Range, number};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch's `AdamW` defines it, and with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdamW {
    /// The fraction of the mean of gradients that a step keeps, in `[0, 1)`; 0.9 if `None`. A schedule that moves momentum
    /// moves this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta1: Option<f64>,
    /// The fraction of the mean of squared gradients that a step keeps, in `[0, 1)`; 0.999 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// The number added to the root of that mean, in `(0, 1]`; 1e-8 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// The fraction of each parameter, times the learning rate, that a step takes off; 0.01 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// As [`Sgd::decayed`](super::Sgd::decayed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decayed: Option<Decayed>,
    /// As [`Sgd::clip_norm`](super::Sgd::clip_norm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
}

/// The numbers of one step that all parameters share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// The factor of the parameter: what weight decay leaves of it.
    pub keep: f64,
    /// The fraction of the gradient in the mean of gradients.
    pub first: f64,
    /// The fraction of the old value in the mean of squared gradients.
    pub second: f64,
    /// The learning rate, divided by the bias correction of the mean of gradients.
    pub size: f64,
    /// The root of the bias correction of the mean of squared gradients.
    pub correction: f64,
    /// Added to the denominator.
    pub epsilon: f64,
}

impl AdamW {
    /// The names of the numbers that it keeps for each parameter.
    pub(super) const SLOTS: &[&str] = &["first-moment", "second-moment"];

    /// Returns [`weight_decay`](Self::weight_decay) or its default.
    #[must_use]
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay.unwrap_or(0.01)
    }

    pub(super) fn check(&self) -> Result<(), TrainError> {
        let beta = |name: &str, value: Option<f64>| {
            let range = Range::at_least(0.0).below(1.0);
            value.map_or(Ok(()), |value| number(&format!("optimizer.{name}"), value, range))
        };
        beta("beta1", self.beta1)?;
        beta("beta2", self.beta2)?;
        if let Some(epsilon) = self.epsilon {
            number("optimizer.epsilon", epsilon, Range::above(0.0).at_most(1.0))?;
        }
        number("optimizer.weightDecay", self.weight_decay(), Range::at_least(0.0).at_most(1.0))
    }

    /// Returns the numbers of a step for parameters with this weight decay.
    #[must_use]
    pub fn at(&self, decay: f64, &Update { index, learning_rate, momentum }: &Update) -> AdamWStep {
        let beta1 = momentum.or(self.beta1).unwrap_or(0.9);
        let beta2 = self.beta2.unwrap_or(0.999);
        let steps = (index + 1) as f64;
        AdamWStep {
            keep: 1.0 - learning_rate * decay,
            first: 1.0 - beta1,
            second: beta2,
            size: learning_rate / (1.0 - libm::pow(beta1, steps)),
            correction: (1.0 - libm::pow(beta2, steps)).sqrt(),
            // In f32 still above 0: without gradients, 0 would be divided by it.
            epsilon: self.epsilon.unwrap_or(1e-8).max(f64::from(f32::MIN_POSITIVE)),
        }
    }

    /// Takes a step: for each parameter `p` with gradient `g`, `p *= keep`, `m += first (g - m)`,
    /// `v = second v + (1 - second) g g`, and `p -= size m / (sqrt(v) / correction + epsilon)`.
    ///
    /// Plain f32 arithmetic in this order, with a division and a root that IEEE 754 defines to the last bit, so that it gives
    /// the same bits on every machine.
    pub(super) fn step(
        &self,
        parameters: &mut [f32],
        gradients: &[f32],
        [first_moments, second_moments]: [&mut [f32]; 2],
        decay: f64,
        at: &Update,
    ) {
        let AdamWStep { keep, first, second, size, correction, epsilon } = self.at(decay, at);
        let new = (1.0 - second) as f32;
        let [keep, first, second] = [keep, first, second].map(|factor| factor as f32);
        let [size, correction, epsilon] = [size, correction, epsilon].map(|number| number as f32);
        let moments = first_moments.iter_mut().zip(second_moments);
        for ((p, &g), (m, v)) in parameters.iter_mut().zip(gradients).zip(moments) {
            *p *= keep;
            *m += first * (g - *m);
            *v = second * *v + new * g * g;
            *p -= size * *m / (v.sqrt() / correction + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_without_gradients_decays_alone_however_small_epsilon_is() {
        let adamw: AdamW = serde_json::from_str(r#"{"epsilon": 1e-300}"#).unwrap();
        adamw.check().unwrap();
        let (mut parameters, [mut first, mut second]) = ([1.0], [[0.0]; 2]);
        let at = Update { index: 0, learning_rate: 0.5, momentum: None };
        adamw.step(&mut parameters, &[0.0], [&mut first, &mut second], 0.5, &at);
        assert_eq!((parameters, first, second), ([0.75], [0.0], [0.0]));
    }
}
