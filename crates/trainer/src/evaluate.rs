use crate::TrainError;
use crate::data::{Images, Normalisation};
use crate::engine::Engine;
use crate::metric::Score;
use crate::net::Weights;
use crate::watch::Flow;

/// Images in one forward pass: enough to keep every core busy, few enough to be cancelled in time.
const IMAGES_AT_ONCE: usize = 256;

/// Scores the weights on images, as they are in the files; nothing is dropped.
///
/// # Errors
///
/// [`TrainError::Cancelled`] when `flow` says stop, and [`TrainError::Torch`].
pub fn evaluate(
    engine: &mut dyn Engine,
    weights: &Weights,
    images: &Images,
    normalisation: Normalisation,
    flow: &dyn Fn() -> Flow,
) -> Result<Score, TrainError> {
    let mut score = Score::default();
    let pixels = images.pixels.chunks(IMAGES_AT_ONCE * images.size * images.size);
    for (pixels, labels) in pixels.zip(images.labels.chunks(IMAGES_AT_ONCE)) {
        if flow() == Flow::Stop {
            return Err(TrainError::Cancelled);
        }
        let logits = engine.logits(weights, &normalisation.apply_bytes(pixels))?;
        score.add(Score::of(&logits, labels));
    }
    Ok(score)
}
