use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::RunOptions;
use crate::data::{Batch, Normalisation};
use crate::engine::{Engine, Fused, check_evaluation, instruction_set};
use crate::metric::{argmax, softmax};
use crate::net::{NetSpec, Plan, Quantize, Weights};
use crate::tensor_file::{self, TensorFile};
use crate::training_state::{TrainingState, WeightSet};
use crate::watch::Flow;

/// A trained net that predicts on the CPU.
pub struct Model {
    /// The file that it was read from.
    path: PathBuf,
    net: NetSpec,
    normalisation: Normalisation,
    class_names: Vec<String>,
    image_form: Option<String>,
    image_preparation: Option<String>,
    plan: Plan,
    bytes: u64,
    engine: Fused,
}

/// The metadata of a model file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metadata {
    net: NetSpec,
    normalisation: Normalisation,
    /// Names of the first classes; the others have numbers alone.
    #[serde(default)]
    class_names: Vec<String>,
    /// The form of its training images, such as `mnist-digits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_form: Option<String>,
    /// [`RunOptions::image_preparation`](crate::RunOptions::image_preparation).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_preparation: Option<String>,
    /// The whole numbers that it was trained for: the file has the ranges of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantize: Option<Quantize>,
}

/// A model's prediction for one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The most likely class.
    pub label: usize,
    /// The probability of each class; they sum to 1.
    pub probabilities: Vec<f32>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Model").field("net", &self.net).finish_non_exhaustive()
    }
}

/// Writes a model file atomically.
///
/// # Errors
///
/// [`TrainError::Write`].
pub(crate) fn save(
    path: &Path,
    net: &NetSpec,
    normalisation: Normalisation,
    options: &RunOptions,
    plan: &Plan,
    weights: &Weights,
) -> Result<(), TrainError> {
    let metadata = Metadata {
        net: net.clone(),
        normalisation,
        class_names: options.class_names.clone(),
        image_form: options.image_form.clone(),
        image_preparation: options.image_preparation.clone(),
        quantize: plan.quantize,
    };
    tensor_file::write(path, weights.named(plan).collect(), &metadata)
}

/// A model file of which only the header has been read and checked.
pub(crate) struct ModelFile {
    path: PathBuf,
    file: TensorFile,
    metadata: Metadata,
    plan: Plan,
    /// Bound of the memory of predictions, in bytes.
    bytes: u64,
}

impl ModelFile {
    /// Opens a file that [`train`](crate::train()) saved.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for any other file.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        let wrong = |reason: String| TrainError::Model { path: path.to_owned(), reason };
        let file = TensorFile::open(path).map_err(wrong)?;
        let metadata: Metadata = file.about().map_err(wrong)?;
        let Metadata { net, normalisation, class_names, .. } = &metadata;
        if !(normalisation.mean.is_finite() && normalisation.deviation > 0.0) {
            return Err(wrong("its normalisation needs a finite mean and a deviation above 0".into()));
        }
        if class_names.len() > net.classes {
            return Err(wrong(format!(
                "it names {} classes, its net has {}",
                class_names.len(),
                net.classes
            )));
        }
        let (plan, bytes) = Plan::of(net)
            .map(|plan| plan.quantized(metadata.quantize))
            .and_then(|plan| check_evaluation(&plan).map(|bytes| (plan, bytes)))
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self { path: path.to_owned(), file, metadata, plan, bytes })
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the net.
    pub fn net(&self) -> &NetSpec {
        &self.metadata.net
    }

    /// Returns the names of the first classes; empty if they have none.
    pub fn class_names(&self) -> &[String] {
        &self.metadata.class_names
    }

    /// Returns the plan of the net.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the normalisation of the images that it was trained on.
    pub fn normalisation(&self) -> Normalisation {
        self.metadata.normalisation
    }

    /// Reads the weights, and returns them with the sha256 of the file in hex.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for a damaged file, before more memory is allocated than its bytes account for;
    /// [`TrainError::Memory`].
    pub fn read(&mut self) -> Result<(Weights, String), TrainError> {
        let Self { path, file, plan, .. } = self;
        let wrong = |reason: String| TrainError::Model { path: path.clone(), reason };
        let tensors = file.read(plan.parameter_count() + plan.statistics_count()).map_err(wrong)?;
        let mut weights = Weights::zeros(plan)?;
        tensor_file::fill(&tensors, weights.named_mut(plan).collect()).map_err(wrong)?;
        weights.check_numbers(plan).map_err(wrong)?;
        Ok((weights, file.sha256()))
    }
}

/// Checks logits that a model computed.
///
/// # Errors
///
/// [`TrainError::Model`] if one of them is not finite.
pub(crate) fn check_logits(path: &Path, logits: &[f32]) -> Result<(), TrainError> {
    if logits.iter().all(|logit| logit.is_finite()) {
        return Ok(());
    }
    let reason = "its weights are so large that its predictions are not finite".into();
    Err(TrainError::Model { path: path.to_owned(), reason })
}

impl Model {
    /// Reads a file that [`train`](crate::train()) saved.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for any other file, before more memory is allocated than its bytes account for.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let mut file = ModelFile::open(path)?;
        let (weights, _) = file.read()?;
        let ModelFile { path, metadata, plan, bytes, .. } = file;
        let Metadata { net, normalisation, class_names, image_form, image_preparation, quantize: _ } =
            metadata;
        let state = TrainingState { weights, slots: vec![], averages: None };
        let engine = Fused::for_evaluation(&plan, state, instruction_set()?)?;
        Ok(Self { path, net, normalisation, class_names, image_form, image_preparation, plan, bytes, engine })
    }

    /// Predicts images `[N, channels, size, size]`, 0 for black.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] if `pixels` is not a whole number of images, [`TrainError::Model`] if a logit is not
    /// finite, [`TrainError::Memory`].
    pub fn predict(&mut self, pixels: &[u8]) -> Result<Vec<Prediction>, TrainError> {
        self.predict_while(pixels, &|| Flow::Continue)
    }

    /// As [`predict`](Self::predict), asking `flow` before every 256 images whether to go on.
    ///
    /// # Errors
    ///
    /// Those of [`predict`](Self::predict), and [`TrainError::Cancelled`] when `flow` says stop.
    pub fn predict_while(
        &mut self,
        pixels: &[u8],
        flow: &dyn Fn() -> Flow,
    ) -> Result<Vec<Prediction>, TrainError> {
        let logits = self.logits_while(pixels, flow)?;
        let predicted = |row| Prediction { label: argmax(row), probabilities: softmax(row) };
        Ok(logits.chunks_exact(self.net.classes).map(predicted).collect())
    }

    /// Returns the logits of images, `[N, classes]`: those whose softmax [`predict_while`](Self::predict_while) returns.
    ///
    /// # Errors
    ///
    /// Those of [`predict_while`](Self::predict_while).
    pub fn logits_while(&mut self, pixels: &[u8], flow: &dyn Fn() -> Flow) -> Result<Vec<f32>, TrainError> {
        let NetSpec { channels, size, .. } = self.net;
        let length = channels * size * size;
        if pixels.is_empty() || !pixels.len().is_multiple_of(length) {
            let expected = format!("whole images of {size} x {size} pixels, {length} bytes each");
            return Err(TrainError::setting("pixels", expected, format!("{} bytes", pixels.len())));
        }
        let mut all = vec![];
        for some in pixels.chunks(256 * length) {
            if flow() == Flow::Stop {
                return Err(TrainError::Cancelled);
            }
            let batch = Batch::of_pixels(some, channels, size, self.normalisation);
            let logits = self.engine.logits(WeightSet::Evaluation, &batch)?;
            check_logits(&self.path, &logits)?;
            all.extend(logits);
        }
        Ok(all)
    }

    /// Whether predicting `pixels` takes at most about a tenth of a millisecond, so that handing them to a thread does not pay.
    #[must_use]
    pub fn is_quick(&self, pixels: &[u8]) -> bool {
        let NetSpec { channels, size, .. } = self.net;
        self.engine.is_quick(pixels.len() / (channels * size * size))
    }

    /// Returns the net.
    #[must_use]
    pub fn net(&self) -> &NetSpec {
        &self.net
    }

    /// Returns the mean and deviation that its images are normalised by.
    #[must_use]
    pub fn normalisation(&self) -> Normalisation {
        self.normalisation
    }

    /// Returns the names of the first classes; empty if they have none.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Returns the form of its training images, such as `mnist-digits`; `None` if it has no name.
    #[must_use]
    pub fn image_form(&self) -> Option<&str> {
        self.image_form.as_deref()
    }

    /// How the images that it learned were brought to a square, as the file says it; `None` where unknown.
    #[must_use]
    pub fn image_preparation(&self) -> Option<&str> {
        self.image_preparation.as_deref()
    }

    /// Returns the number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.plan.parameter_count()
    }

    /// Returns the plan of its net.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns an upper bound of the memory that it holds while it predicts, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns its weights, in the order of the net's plan.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        self.engine.weights()
    }
}
