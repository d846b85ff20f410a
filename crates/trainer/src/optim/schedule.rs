use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{Range, number};

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
            Self::Constant { learning_rate } => number("schedule.learningRate", learning_rate, rate),
            Self::OneCycle { max_learning_rate, pct_start, div_factor, final_div_factor, cycle_momentum } => {
                number("schedule.maxLearningRate", max_learning_rate, rate)?;
                number("schedule.pctStart", pct_start, Range::above(0.0).below(1.0))?;
                number("schedule.divFactor", div_factor, factor)?;
                number("schedule.finalDivFactor", final_div_factor, factor)?;
                if let Some(CycleMomentum { base, max }) = cycle_momentum {
                    number("schedule.cycleMomentum.base", base, Range::at_least(0.0).below(1.0))?;
                    number("schedule.cycleMomentum.max", max, Range::at_least(base).below(1.0))?;
                }
                Ok(())
            }
        }
    }

    /// The rate of a step, `0` for the first of `steps`.
    #[must_use]
    pub fn learning_rate(&self, step: usize, steps: usize) -> f64 {
        match *self {
            Self::Constant { learning_rate } => learning_rate,
            Self::OneCycle { max_learning_rate: peak, pct_start, div_factor, final_div_factor, .. } => {
                let first = peak / div_factor;
                two_phases([first, peak, first / final_div_factor], step, steps, pct_start)
            }
        }
    }

    /// The momentum of a step, where the schedule moves it.
    #[must_use]
    pub fn momentum(&self, step: usize, steps: usize) -> Option<f64> {
        match *self {
            Self::OneCycle { pct_start, cycle_momentum: Some(CycleMomentum { base, max }), .. } => {
                Some(two_phases([max, base, max], step, steps, pct_start))
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
