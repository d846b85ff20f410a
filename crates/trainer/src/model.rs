use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::TrainError;
use crate::config::EngineChoice;
use crate::data::Normalisation;
use crate::engine::{self, Engine};
use crate::metric::{argmax, softmax};
use crate::net::{NetSpec, Plan, Weights};
use crate::tensor_file;

/// A trained net with all it takes to predict.
pub struct Model {
    net: NetSpec,
    normalisation: Normalisation,
    plan: Plan,
    weights: Weights,
    engine: Box<dyn Engine>,
}

/// What a model file says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    net: NetSpec,
    normalisation: Normalisation,
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

impl Model {
    /// A model of weights on any device; it predicts on the CPU.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] or [`TrainError::Shape`] where the net is not one.
    pub fn new(net: NetSpec, normalisation: Normalisation, mut weights: Weights) -> Result<Self, TrainError> {
        let plan = Plan::of(&net)?;
        for tensor in weights.tensors_mut() {
            *tensor = tensor.f_to_device(Device::Cpu)?.f_contiguous()?;
        }
        let (engine, _) = engine::start(EngineChoice::Auto, &plan, 0.0, Device::Cpu, 1)?;
        Ok(Self { net, normalisation, plan, weights, engine })
    }

    /// Reads a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for anything else.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let wrong = |reason: String| TrainError::Model { path: path.to_owned(), reason };
        let bytes = tensor_file::read(path).map_err(wrong)?;
        let (Metadata { net, normalisation }, tensors) = tensor_file::parse(&bytes).map_err(wrong)?;
        if !(normalisation.mean.is_finite() && normalisation.deviation > 0.0) {
            return Err(wrong("its normalisation divides by nothing".into()));
        }

        let plan = Plan::of(&net).map_err(|error| wrong(error.to_string()))?;
        let mut weights = Weights::init(&plan, 0, Device::Cpu)?;
        tensor_file::fill(&tensors, weights.named_mut(&plan)).map_err(wrong)?;
        Self::new(net, normalisation, weights)
    }

    /// Writes the model beside its place, then renames it there.
    ///
    /// # Errors
    ///
    /// [`TrainError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let metadata = Metadata { net: self.net.clone(), normalisation: self.normalisation };
        tensor_file::write(path, &self.weights.named(&self.plan), &metadata)
    }

    /// What the model makes of images `[N, size, size]`, 0 for black; MNIST's digits are light on dark.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] where `pixels` is not a whole number of images.
    pub fn predict(&mut self, pixels: &[u8]) -> Result<Vec<Prediction>, TrainError> {
        let length = self.net.channels * self.net.size * self.net.size;
        if pixels.is_empty() || !pixels.len().is_multiple_of(length) {
            let expected = format!("whole images of {0} x {0} pixels, {length} bytes each", self.net.size);
            return Err(TrainError::setting("pixels", expected, format!("{} bytes", pixels.len())));
        }
        let mut predictions = vec![];
        for some in pixels.chunks(256 * length) {
            let logits = self.engine.logits(&self.weights, &self.normalisation.apply_bytes(some))?;
            predictions.extend(
                logits
                    .chunks_exact(self.net.classes)
                    .map(|row| Prediction { label: argmax(row), probabilities: softmax(row) }),
            );
        }
        Ok(predictions)
    }

    /// The net that was trained.
    #[must_use]
    pub fn net(&self) -> &NetSpec {
        &self.net
    }

    /// How many numbers it learned.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.plan.parameter_count()
    }

    /// Its weights, in the order of the net's plan.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }
}
