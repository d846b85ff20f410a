//! From gradients to steps: how far, how often, and what is remembered between them.

mod averages;
mod schedule;
mod sgd;

pub use averages::{Averages, Averaging};
pub use schedule::{CycleMomentum, Schedule};
pub use sgd::Optimizer;
