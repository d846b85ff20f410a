//! What a net's answers are worth.

mod score;

pub(crate) use score::argmax;
pub use score::{Score, softmax};
