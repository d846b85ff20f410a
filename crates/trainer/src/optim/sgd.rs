use serde::{Deserialize, Serialize};
use tch::{Device, Tensor, no_grad};

use crate::TrainError;
use crate::config::{Range, number};
use crate::net::{slice, slice_mut};

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
}

/// The optimizer at work: what it remembers of the steps so far.
#[derive(Debug)]
pub struct Sgd {
    optimizer: Optimizer,
    /// One a parameter, of its shape.
    pub(crate) velocities: Vec<Tensor>,
}

impl Sgd {
    /// Starts at rest.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] when the device has no room.
    pub fn new(optimizer: Optimizer, parameters: &[Tensor]) -> Result<Self, TrainError> {
        let velocities = parameters.iter().map(Tensor::f_zeros_like).collect::<Result<_, _>>()?;
        Ok(Self { optimizer, velocities })
    }

    /// One step: for each parameter `p` with gradient `g`, `d = g + decay p`, `v = momentum v + d`, and
    /// `p -= rate (d + momentum v)` with Nesterov, `p -= rate v` without.
    ///
    /// `momentum` replaces the optimizer's own for this step, for schedules that move it. On the CPU the arithmetic
    /// is this function's own, so that it gives the same bits on every machine.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    pub fn step(
        &mut self,
        parameters: &mut [Tensor],
        gradients: &[Tensor],
        rate: f64,
        momentum: Option<f64>,
    ) -> Result<(), TrainError> {
        let step = Step {
            rate: rate as f32,
            momentum: momentum.unwrap_or(self.optimizer.momentum) as f32,
            decay: self.optimizer.weight_decay as f32,
            nesterov: self.optimizer.nesterov,
        };
        for ((parameter, gradient), velocity) in
            parameters.iter_mut().zip(gradients).zip(&mut self.velocities)
        {
            if parameter.device() == Device::Cpu {
                step.on_slices(slice_mut(parameter), slice(gradient), slice_mut(velocity));
            } else {
                no_grad(|| step.on_tensors(parameter, gradient, velocity))?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Step {
    rate: f32,
    momentum: f32,
    decay: f32,
    nesterov: bool,
}

impl Step {
    fn on_slices(self, parameters: &mut [f32], gradients: &[f32], velocities: &mut [f32]) {
        let Self { rate, momentum, decay, nesterov } = self;
        for ((p, &g), v) in parameters.iter_mut().zip(gradients).zip(velocities) {
            let d = g + decay * *p;
            *v = momentum * *v + d;
            *p -= rate * if nesterov { d + momentum * *v } else { *v };
        }
    }

    fn on_tensors(self, p: &mut Tensor, g: &Tensor, v: &mut Tensor) -> Result<(), TrainError> {
        let scaled = |tensor: &Tensor, factor: f32| tensor.f_mul_scalar(f64::from(factor));
        let d = g.f_add(&scaled(p, self.decay)?)?;
        let _ = v.f_mul_scalar_(f64::from(self.momentum))?.f_add_(&d)?;
        let move_by = if self.nesterov { d.f_add(&scaled(v, self.momentum)?)? } else { v.shallow_clone() };
        let _ = p.f_sub_(&scaled(&move_by, self.rate)?)?;
        Ok(())
    }
}
