//! Loss and accuracy.

mod loss;
mod score;

pub use loss::{LogSumExp, cross_entropy, softmax};
pub use score::{Score, argmax};
