use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::Update;
use crate::TrainError;
use crate::config::{EPOCHS, Range, number, whole};

/// The steps of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// Number of epochs.
    pub epochs: usize,
    /// Steps of one epoch.
    pub per_epoch: usize,
}

impl Steps {
    /// Returns the number of all steps.
    #[must_use]
    pub fn count(&self) -> usize {
        self.epochs * self.per_epoch
    }
}

/// The learning rate of every step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Schedule {
    /// The same for every step.
    Constant {
        /// The rate.
        learning_rate: f64,
    },
    /// Up along half a cosine, then down along another (Smith and Topin 2018), with the very values of PyTorch's
    /// `OneCycleLR` in two phases.
    OneCycle {
        /// The rate at the peak.
        max_learning_rate: f64,
        /// The share of steps before the peak, in `(0, 1)`.
        pct_start: f64,
        /// The first rate is the peak divided by this.
        div_factor: f64,
        /// The last rate is the first divided by this.
        final_div_factor: f64,
        /// Moves momentum the opposite way; the optimizer's own stays where not set.
        cycle_momentum: Option<CycleMomentum>,
    },
    /// Falls along half a cosine: PyTorch's `CosineAnnealingLR` over all steps after the warm-up.
    Cosine {
        /// The rate at the start.
        learning_rate: f64,
        /// The rate that one more step would have; 0 if `None`.
        final_learning_rate: Option<f64>,
        /// Steps before the fall; none if `None`.
        warm_up: Option<WarmUp>,
    },
    /// Falls along a line: PyTorch's `LinearLR` over all steps after the warm-up.
    Linear {
        /// The rate at the start.
        learning_rate: f64,
        /// The rate that one more step would have; 0 if `None`.
        final_learning_rate: Option<f64>,
        /// Steps before the fall; none if `None`.
        warm_up: Option<WarmUp>,
    },
    /// Multiplied by a factor every few epochs, counted from the first: PyTorch's `StepLR`.
    Step {
        /// The rate at the start.
        learning_rate: f64,
        /// Epochs between two changes.
        step_size: usize,
        /// The factor, in `(0, 1]`.
        gamma: f64,
        /// Steps whose rates are smaller, at the start; none if `None`.
        warm_up: Option<WarmUp>,
    },
}

/// The steps at the start of a run in which the rate rises along a line: of `n` steps, step `t` (from 0) has `(t + 1) / (n + 1)`
/// of the rate. PyTorch's `LinearLR` with a `start_factor` of `1 / (n + 1)`. Exactly one of the two is set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WarmUp {
    /// Its epochs, which need not be whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<f64>,
    /// Its fraction of all steps, in `[0, 1)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

impl WarmUp {
    fn check(&self) -> Result<(), TrainError> {
        match *self {
            Self { epochs: Some(epochs), share: None } => {
                number("schedule.warmUp.epochs", epochs, Range::at_least(0.0).at_most(*EPOCHS.end() as f64))
            }
            Self { epochs: None, share: Some(share) } => {
                number("schedule.warmUp.share", share, Range::at_least(0.0).below(1.0))
            }
            Self { epochs, .. } => {
                let got = if epochs.is_some() { "both" } else { "neither" };
                Err(TrainError::setting("schedule.warmUp", "either `epochs` or `share`", got))
            }
        }
    }

    /// Returns the number of its steps, rounded.
    fn steps(&self, steps: Steps) -> usize {
        let of_epochs = self.epochs.unwrap_or_default() * steps.per_epoch as f64;
        let exact = self.share.map_or(of_epochs, |share| share * steps.count() as f64);
        exact.round() as usize
    }
}

/// The ends between which one-cycle moves momentum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CycleMomentum {
    /// Momentum at the peak of the rate.
    pub base: f64,
    /// Momentum in the first and the last step.
    pub max: f64,
}

impl Schedule {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let rate = Range::above(0.0).at_most(1e6);
        let factor = Range::at_least(1.0).at_most(1e12);
        match *self {
            Self::Constant { learning_rate } => number("schedule.learningRate", learning_rate, rate)?,
            Self::OneCycle { max_learning_rate, pct_start, div_factor, final_div_factor, cycle_momentum } => {
                number("schedule.maxLearningRate", max_learning_rate, rate)?;
                number("schedule.pctStart", pct_start, Range::above(0.0).below(1.0))?;
                number("schedule.divFactor", div_factor, factor)?;
                number("schedule.finalDivFactor", final_div_factor, factor)?;
                if let Some(CycleMomentum { base, max }) = cycle_momentum {
                    number("schedule.cycleMomentum.base", base, Range::at_least(0.0).below(1.0))?;
                    number("schedule.cycleMomentum.max", max, Range::at_least(base).below(1.0))?;
                }
            }
            Self::Cosine { learning_rate, final_learning_rate, .. }
            | Self::Linear { learning_rate, final_learning_rate, .. } => {
                number("schedule.learningRate", learning_rate, rate)?;
                if let Some(last) = final_learning_rate {
                    number("schedule.finalLearningRate", last, Range::at_least(0.0).at_most(learning_rate))?;
                }
            }
            Self::Step { learning_rate, step_size, gamma, .. } => {
                number("schedule.learningRate", learning_rate, rate)?;
                whole("schedule.stepSize", step_size, EPOCHS)?;
                number("schedule.gamma", gamma, Range::above(0.0).at_most(1.0))?;
            }
        }
        self.warm_up().as_ref().map_or(Ok(()), WarmUp::check)
    }

    fn warm_up(&self) -> Option<WarmUp> {
        match *self {
            Self::Constant { .. } | Self::OneCycle { .. } => None,
            Self::Cosine { warm_up, .. } | Self::Linear { warm_up, .. } | Self::Step { warm_up, .. } => {
                warm_up
            }
        }
    }

    /// Returns the learning rate and the momentum of a step, `0` for the first.
    #[must_use]
    pub fn update(&self, step: usize, steps: Steps) -> Update {
        let (learning_rate, momentum) = (self.learning_rate(step, steps), self.momentum(step, steps));
        Update { index: step, learning_rate, momentum }
    }

    /// Returns the rate of a step, `0` for the first.
    #[must_use]
    pub fn learning_rate(&self, step: usize, steps: Steps) -> f64 {
        let warm_up = self.warm_up().map_or(0, |warm_up| warm_up.steps(steps));
        let warm = if step < warm_up { (step + 1) as f64 / (warm_up + 1) as f64 } else { 1.0 };
        // The fraction of the steps after the warm-up that are done.
        let done = step.saturating_sub(warm_up) as f64 / steps.count().saturating_sub(warm_up).max(1) as f64;
        match *self {
            Self::Constant { learning_rate } => learning_rate,
            Self::OneCycle { max_learning_rate: peak, pct_start, div_factor, final_div_factor, .. } => {
                let first = peak / div_factor;
                two_phases([first, peak, first / final_div_factor], step, steps.count(), pct_start)
            }
            Self::Cosine { learning_rate, final_learning_rate, .. } => {
                warm * half_cosine(learning_rate, final_learning_rate.unwrap_or_default(), done)
            }
            Self::Linear { learning_rate, final_learning_rate, .. } => {
                warm * (learning_rate + (final_learning_rate.unwrap_or_default() - learning_rate) * done)
            }
            Self::Step { learning_rate, step_size, gamma, .. } => {
                let changes = step / (steps.per_epoch * step_size).max(1);
                warm * learning_rate * libm::pow(gamma, changes as f64)
            }
        }
    }

    /// Returns the momentum of a step, if the schedule moves it.
    #[must_use]
    pub fn momentum(&self, step: usize, steps: Steps) -> Option<f64> {
        match *self {
            Self::OneCycle { pct_start, cycle_momentum: Some(CycleMomentum { base, max }), .. } => {
                Some(two_phases([max, base, max], step, steps.count(), pct_start))
            }
            _ => None,
        }
    }
}

/// From `start` to `peak` until step `share * steps - 1`, and on to `end` at step `steps - 1`.
fn two_phases([start, peak, end]: [f64; 3], step: usize, steps: usize, share: f64) -> f64 {
    let (step, steps) = (step as f64, steps as f64);
    let turn = share * steps - 1.0;
    if step <= turn {
        return half_cosine(start, peak, if turn > 0.0 { step / turn } else { 1.0 });
    }
    half_cosine(peak, end, (step - turn) / (steps - 1.0 - turn))
}

fn half_cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) / 2.0 * (libm::cos(PI * share) + 1.0)
}
