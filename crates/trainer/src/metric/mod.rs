//! What a net's answers are worth.

mod loss;
mod score;

pub use loss::{LogSumExp, cross_entropy, softmax};
pub use score::{Score, argmax};
