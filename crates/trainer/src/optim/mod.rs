//! Optimizer, learning-rate schedule and weight averaging.

mod averages;
mod schedule;
mod sgd;

pub use averages::{Averages, Averaging};
pub use schedule::{CycleMomentum, Schedule, Steps, WarmUp};
pub use sgd::Optimizer;
