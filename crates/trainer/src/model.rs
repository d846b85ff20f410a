use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::data::{Batch, Normalisation};
use crate::engine::{Engine, Fused, instruction_set};
use crate::learned::{Learned, Which};
use crate::metric::{argmax, softmax};
use crate::net::{NetSpec, Plan, Weights};
use crate::tensor_file;

/// A trained net with all it takes to predict, on the CPU.
pub struct Model {
    net: NetSpec,
    normalisation: Normalisation,
    class_names: Vec<String>,
    image_form: Option<String>,
    parameters: usize,
    engine: Fused,
}

/// What a model file says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metadata {
    net: NetSpec,
    normalisation: Normalisation,
    /// One for each class, or none.
    #[serde(default)]
    class_names: Vec<String>,
    /// How its images were made, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_form: Option<String>,
}

/// What a model makes of one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The likeliest class.
    pub label: usize,
    /// Of every class; they sum to 1.
    pub probabilities: Vec<f32>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Model").field("net", &self.net).finish_non_exhaustive()
    }
}

/// Writes a model beside its place, then renames it there.
///
/// # Errors
///
/// [`TrainError::Write`].
pub(crate) fn save(
    path: &Path,
    net: &NetSpec,
    normalisation: Normalisation,
    class_names: &[String],
    image_form: Option<&str>,
    plan: &Plan,
    weights: &Weights,
) -> Result<(), TrainError> {
    let metadata = Metadata {
        net: net.clone(),
        normalisation,
        class_names: class_names.to_vec(),
        image_form: image_form.map(Into::into),
    };
    tensor_file::write(path, weights.named(plan).collect(), &metadata)
}

impl Model {
    /// Reads a file that [`train`](crate::train()) kept.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for anything else, before more memory is taken than the file has bytes for.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let wrong = |reason: String| TrainError::Model { path: path.to_owned(), reason };
        let bytes = tensor_file::read(path).map_err(wrong)?;
        let (Metadata { net, normalisation, class_names, image_form }, tensors) =
            tensor_file::parse(&bytes).map_err(wrong)?;
        if !(normalisation.mean.is_finite() && normalisation.deviation > 0.0) {
            return Err(wrong("its normalisation divides by nothing".into()));
        }
        if !class_names.is_empty() && class_names.len() != net.classes {
            return Err(wrong(format!(
                "it names {} classes, its net has {}",
                class_names.len(),
                net.classes
            )));
        }
        let plan = Plan::of(&net)
            .and_then(|plan| plan.check_judging().map(|()| plan))
            .map_err(|error| wrong(error.to_string()))?;
        let needed = 4 * (plan.parameter_count() + plan.statistics_count());
        if bytes.len() < needed {
            return Err(wrong(format!("its net has {needed} bytes of numbers, the file {}", bytes.len())));
        }
        let mut weights = Weights::zeros(&plan)?;
        tensor_file::fill(&tensors, weights.named_mut(&plan).collect()).map_err(wrong)?;
        let learned = Learned { weights, velocities: vec![], averages: None };
        let engine = Fused::judging(&plan, learned, instruction_set()?)?;
        let parameters = plan.parameter_count();
        Ok(Self { net, normalisation, class_names, image_form, parameters, engine })
    }

    /// What the model makes of images `[N, channels, size, size]`, 0 for black.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] where `pixels` is not a whole number of images.
    pub fn predict(&mut self, pixels: &[u8]) -> Result<Vec<Prediction>, TrainError> {
        let NetSpec { channels, size, classes, .. } = self.net;
        let length = channels * size * size;
        if pixels.is_empty() || !pixels.len().is_multiple_of(length) {
            let expected = format!("whole images of {size} x {size} pixels, {length} bytes each");
            return Err(TrainError::setting("pixels", expected, format!("{} bytes", pixels.len())));
        }
        let mut predictions = vec![];
        for some in pixels.chunks(256 * length) {
            let batch = Batch::of_pixels(some, channels, size, self.normalisation);
            let logits = self.engine.logits(Which::Judged, &batch)?;
            let predicted = |row| Prediction { label: argmax(row), probabilities: softmax(row) };
            predictions.extend(logits.chunks_exact(classes).map(predicted));
        }
        Ok(predictions)
    }

    /// The net that was trained.
    #[must_use]
    pub fn net(&self) -> &NetSpec {
        &self.net
    }

    /// What each class is called; none where nobody said.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// How the images that it learned were made; none where nobody said.
    #[must_use]
    pub fn image_form(&self) -> Option<&str> {
        self.image_form.as_deref()
    }

    /// How many numbers it learned.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters
    }

    /// Its weights, in the order of the net's plan.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        self.engine.weights()
    }
}
