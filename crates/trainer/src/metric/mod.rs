//! Loss and accuracy.

mod class_counts;
mod class_weights;
mod loss;
mod score;

pub use class_counts::ClassCounts;
pub use class_weights::{ClassWeights, Loss};
pub use loss::{BatchLoss, LogSumExp, cross_entropy, divergence, softmax};
pub use score::{Score, argmax, rank_of};
