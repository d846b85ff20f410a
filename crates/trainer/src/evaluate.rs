use crate::TrainError;
use crate::data::{Batch, Images, Normalisation};
use crate::engine::Engine;
use crate::metric::{ClassCounts, Score, argmax, rank_of, softmax};
use crate::training_state::WeightSet;
use crate::watch::Flow;

/// Images in one forward pass: enough to keep every core busy, few enough to be cancelled in time.
const IMAGES_AT_ONCE: usize = 256;

/// The prediction for one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The most likely class.
    pub label: u8,
    /// Its probability.
    pub probability: f32,
    /// The class that the image is of.
    pub expected: u8,
    /// The rank of that class among all by their probability; 1 if it is the most likely.
    pub rank: usize,
}

/// The evaluation of images.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Loss and accuracy.
    pub score: Score,
    /// What was predicted, by class.
    pub by_class: ClassCounts,
}

/// Evaluates the weights of [`WeightSet::Evaluation`] on images in evaluation mode: unaugmented, without dropout.
///
/// # Errors
///
/// [`TrainError::Cancelled`] if `flow` returns [`Flow::Stop`], and the engine's errors.
pub fn evaluate(
    engine: &mut dyn Engine,
    images: &Images,
    normalisation: Normalisation,
    flow: &dyn Fn() -> Flow,
) -> Result<Evaluation, TrainError> {
    let mut score = Score::default();
    let mut by_class = ClassCounts::default();
    each_part(engine, images, normalisation, flow, |logits, labels| {
        score.add(Score::of(logits, labels.iter().copied()));
        by_class.add(logits, labels.iter().copied());
    })?;
    Ok(Evaluation { score, by_class })
}

/// Predicts each image, with the weights and the mode of [`evaluate`].
///
/// # Errors
///
/// Those of [`evaluate`].
pub fn answer(
    engine: &mut dyn Engine,
    images: &Images,
    normalisation: Normalisation,
    flow: &dyn Fn() -> Flow,
) -> Result<Vec<Answer>, TrainError> {
    let mut answers = Vec::with_capacity(images.len());
    each_part(engine, images, normalisation, flow, |logits, labels| {
        answers.extend(logits.chunks_exact(logits.len() / labels.len()).zip(labels).map(
            |(row, &expected)| {
                let label = argmax(row);
                let (probability, rank) = (softmax(row)[label], rank_of(row, usize::from(expected)));
                Answer { label: label as u8, probability, expected, rank } // labels are bytes in IDX files
            },
        ));
    })?;
    Ok(answers)
}

/// Calls `take` with the logits and labels of some images at a time.
fn each_part(
    engine: &mut dyn Engine,
    images: &Images,
    normalisation: Normalisation,
    flow: &dyn Fn() -> Flow,
    mut take: impl FnMut(&[f32], &[u8]),
) -> Result<(), TrainError> {
    let at_once = images.at_once(IMAGES_AT_ONCE);
    for start in (0..images.len()).step_by(at_once) {
        if flow() == Flow::Stop {
            return Err(TrainError::Cancelled);
        }
        let end = (start + at_once).min(images.len());
        let batch = Batch::of(images, normalisation, (start as u32..end as u32).collect())?;
        take(&engine.logits(WeightSet::Evaluation, &batch)?, batch.labels());
    }
    Ok(())
}
