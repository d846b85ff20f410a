//! Optimizers, learning-rate schedule, gradient clipping and weight averaging.

mod adamw;
mod averages;
mod clip;
mod optimizer;
mod schedule;
mod sgd;

pub use adamw::{AdamW, AdamWStep};
pub use averages::{Averages, Averaging};
pub use clip::{clip_factor, sum_of_squares};
pub use optimizer::{Decayed, MOST_SLOTS, Optimizer, Update};
pub use schedule::{CycleMomentum, Schedule, Steps, WarmUp};
pub use sgd::Sgd;
