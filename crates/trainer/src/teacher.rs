//! Knowledge distillation: a net learns from the answers of a trained model, besides the labels.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{Experiment, Range, RunOptions, number};
use crate::data::{Batch, Normalisation, SoftTargets};
use crate::engine::{Engine, Engines, Request, check_teacher};
use crate::model::{ModelFile, check_logits};
use crate::net::{NetSpec, Plan};
use crate::tensor_file::check_sha256;
use crate::training_state::{TrainingState, WeightSet};

/// A trained model that a net learns from. The loss is `(1 - weight)` times that of the labels, and `weight` times
/// [`divergence`](crate::metric::divergence), as Hinton et al. (2015) and PyTorch's tutorial of knowledge distillation define it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Teacher {
    /// The model's file as the caller named it. [`RunOptions::teacher_path`] locates it.
    pub from: String,
    /// Its sha256 in hex; not compared if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The temperature: logits of both nets are divided by it. [`Teacher::TEMPERATURE`] if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The weight of the teacher's part in the loss. [`Teacher::WEIGHT`] if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

impl Teacher {
    /// The default of `temperature`: that of PyTorch's tutorial.
    pub const TEMPERATURE: f64 = 2.0;
    /// The default of `weight`: that of PyTorch's tutorial.
    pub const WEIGHT: f64 = 0.25;

    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let temperatures = Range::at_least(0.1).at_most(100.0);
        number("loss.teacher.temperature", self.temperature(), temperatures)?;
        number("loss.teacher.weight", self.weight(), Range::above(0.0).at_most(1.0))
    }

    /// Returns the temperature.
    #[must_use]
    pub fn temperature(&self) -> f64 {
        self.temperature.unwrap_or(Self::TEMPERATURE)
    }

    /// Returns the weight of the teacher's part in the loss.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight.unwrap_or(Self::WEIGHT)
    }

    /// Opens the model's file, and checks that it fits the run before its numbers are read.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for a file that is no model, [`TrainError::Setting`] for a model of other images or classes, and for
    /// one that does not fit the memory of a run beside the net.
    pub(crate) fn open(
        &self,
        experiment: &Experiment,
        options: &RunOptions,
        plan: &Plan,
        threads: usize,
    ) -> Result<ModelFile, TrainError> {
        let file = ModelFile::open(options.teacher_path.as_deref().unwrap_or(Path::new(&self.from)))?;
        let described = |&NetSpec { channels, size, classes, .. }: &NetSpec| {
            format!("a model of images of {channels} x {size} x {size} in {classes} classes")
        };
        let [expected, got] = [&experiment.net, file.net()].map(described);
        if expected != got {
            let expected = format!("{expected}, as the net is");
            return Err(TrainError::setting("loss.teacher.from", expected, got));
        }
        let mut names = options.class_names.iter().zip(file.class_names()).enumerate();
        if let Some((class, (ours, theirs))) = names.find(|(_, (ours, theirs))| ours != theirs) {
            let expected = format!("a model whose class {class} is `{ours}`, as in the data");
            let got = format!("one whose class {class} is `{theirs}`");
            return Err(TrainError::setting("loss.teacher.from", expected, got));
        }
        check_teacher(plan, &experiment.optimizer, experiment.batch_size, file.plan(), threads)?;
        Ok(file)
    }

    /// Reads the weights, and starts the engine that evaluates them.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for a file that is damaged, [`TrainError::Data`] for another than `sha256` says, and those of
    /// [`Engines::start`].
    pub(crate) fn start(
        &self,
        mut file: ModelFile,
        request: &Request,
        engines: &dyn Engines,
    ) -> Result<RunningTeacher, TrainError> {
        let (weights, sha256) = file.read()?;
        check_sha256(file.path(), self.sha256.as_deref(), &sha256)?;
        let state = TrainingState { weights, slots: vec![], averages: None };
        Ok(RunningTeacher {
            engine: engines.start_teacher(request, file.plan(), state)?,
            path: file.path().to_owned(),
            normalisation: file.normalisation(),
            temperature: self.temperature(),
            weight: self.weight(),
            sha256,
        })
    }
}

/// The teacher of a run that has started.
pub(crate) struct RunningTeacher {
    engine: Box<dyn Engine>,
    path: PathBuf,
    /// Of the images that it was trained on.
    normalisation: Normalisation,
    temperature: f64,
    weight: f64,
    /// Of its file, in hex.
    pub sha256: String,
}

impl RunningTeacher {
    /// Evaluates the teacher on a batch as the net will see it, augmented and mixed, but normalised as the teacher's own images
    /// were, and adds its answers to the targets of the batch.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] if a logit is not finite, and those of [`Engine::logits`].
    pub fn answer(&mut self, batch: &mut Batch) -> Result<(), TrainError> {
        let seen = batch.with_normalisation(self.normalisation);
        let logits = self.engine.logits(WeightSet::Evaluation, &seen)?;
        check_logits(&self.path, &logits)?;
        let &mut Self { temperature, weight, .. } = self;
        batch.set_soft_targets(SoftTargets { logits, temperature, weight });
        Ok(())
    }
}
