//! Loss and accuracy.

mod class_counts;
mod loss;
mod score;

pub use class_counts::ClassCounts;
pub use loss::{LogSumExp, cross_entropy, softmax};
pub use score::{Score, argmax, rank_of};
