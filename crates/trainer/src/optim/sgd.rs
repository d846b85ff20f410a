use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{Range, number};

/// Stochastic gradient descent, with the meaning of PyTorch's `SGD`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Optimizer {
    /// The share of the last step that goes into the next, in `[0, 1)`.
    pub momentum: f64,
    /// Whether to step from where momentum leads (Nesterov).
    pub nesterov: bool,
    /// The share of each weight that is added to its gradient.
    pub weight_decay: f64,
}

impl Optimizer {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        number("optimizer.momentum", self.momentum, Range::at_least(0.0).below(1.0))?;
        number("optimizer.weightDecay", self.weight_decay, Range::at_least(0.0).at_most(1.0))?;
        if self.nesterov && self.momentum == 0.0 {
            return Err(TrainError::setting("optimizer.momentum", "above 0 where `nesterov` is true", 0));
        }
        Ok(())
    }

    /// One step: for each parameter `p` with gradient `g`, `d = g + decay p`, `v = momentum v + d`, and
    /// `p -= rate (d + momentum v)` with Nesterov, `p -= rate v` without.
    ///
    /// `momentum` replaces the optimizer's own for this step, for schedules that move it. Plain f32 arithmetic in this
    /// order, so that it gives the same bits on every machine.
    pub fn step(
        &self,
        parameters: &mut [f32],
        gradients: &[f32],
        velocities: &mut [f32],
        rate: f64,
        momentum: Option<f64>,
    ) {
        let rate = rate as f32;
        let momentum = momentum.unwrap_or(self.momentum) as f32;
        let decay = self.weight_decay as f32;
        for ((p, &g), v) in parameters.iter_mut().zip(gradients).zip(velocities) {
            let d = g + decay * *p;
            *v = momentum * *v + d;
            *p -= rate * if self.nesterov { d + momentum * *v } else { *v };
        }
    }
}
