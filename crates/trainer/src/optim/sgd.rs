use serde::{Deserialize, Serialize};

use super::{Decayed, Update};
use crate::TrainError;
use crate::config::{Range, number};

/// Stochastic gradient descent, as PyTorch's `SGD` defines it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sgd {
    /// The fraction of the last step that goes into the next, in `[0, 1)`.
    pub momentum: f64,
    /// Whether to step from where momentum leads (Nesterov).
    pub nesterov: bool,
    /// The fraction of each parameter that is added to its gradient.
    pub weight_decay: f64,
    /// The parameters that decay; all if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decayed: Option<Decayed>,
    /// The largest norm of all gradients, to which larger ones are scaled; no limit if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
}

impl Sgd {
    /// The names of the numbers that it keeps for each parameter.
    pub(super) const SLOTS: &[&str] = &["velocity"];

    pub(super) fn check(&self) -> Result<(), TrainError> {
        number("optimizer.momentum", self.momentum, Range::at_least(0.0).below(1.0))?;
        number("optimizer.weightDecay", self.weight_decay, Range::at_least(0.0).at_most(1.0))?;
        if self.nesterov && self.momentum == 0.0 {
            return Err(TrainError::setting("optimizer.momentum", "above 0 where `nesterov` is true", 0));
        }
        Ok(())
    }

    /// Takes a step: for each parameter `p` with gradient `g`, `d = g + decay p`, `v = momentum v + d`, and
    /// `p -= rate (d + momentum v)` with Nesterov, `p -= rate v` without.
    ///
    /// Plain f32 arithmetic in this order, so that it gives the same bits on every machine.
    pub(super) fn step(
        &self,
        parameters: &mut [f32],
        gradients: &[f32],
        velocities: &mut [f32],
        decay: f64,
        at: &Update,
    ) {
        let rate = at.learning_rate as f32;
        let momentum = at.momentum.unwrap_or(self.momentum) as f32;
        let decay = decay as f32;
        for ((p, &g), v) in parameters.iter_mut().zip(gradients).zip(velocities) {
            let d = g + decay * *p;
            *v = momentum * *v + d;
            *p -= rate * if self.nesterov { d + momentum * *v } else { *v };
        }
    }
}
